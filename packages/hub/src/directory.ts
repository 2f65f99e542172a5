export { openDirectory } from './node-storage.js';
