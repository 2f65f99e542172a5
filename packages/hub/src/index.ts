export * from './memory-storage.js';
export * from './safetensors/header.js';
export * from './safetensors/read.js';
export * from './safetensors/sharded.js';
export * from './safetensors/write.js';
export * from './storage.js';
