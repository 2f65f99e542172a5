export { openModelDirectory } from './node-model-directory.js';
export { openDirectory } from './node-storage.js';
