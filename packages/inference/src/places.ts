export { baseDirectory, modelStorage } from './node-places.js';
