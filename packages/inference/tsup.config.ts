import { library } from '../../scripts/library.mjs';

export default library({ entries: ['index', 'places'], browserEntries: ['places-browser'] });
