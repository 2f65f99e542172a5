import { library } from '../../scripts/package-build.mjs';

export default library();
