export * from './node-storage.js';
