import { library } from '../../scripts/library.mjs';

export default library({ entries: ['index', 'internal'] });
