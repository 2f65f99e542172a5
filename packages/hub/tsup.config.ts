import { library } from '../../scripts/library.mjs';
import { workerSourceForEsbuild } from '../../scripts/worker-source.mjs';

export default library({
  entries: ['index', 'internal', 'node', 'directory'],
  browserEntries: ['directory-browser'],
  esbuildPlugins: [workerSourceForEsbuild],
});
