import { library } from '../../scripts/package-build.mjs';
import { workerSourceForEsbuild } from '../../scripts/worker-source.mjs';

export default library({
  entries: ['index', 'internal', 'node', 'directory'],
  esbuildPlugins: [workerSourceForEsbuild],
});
