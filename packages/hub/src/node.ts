export { jsonLine, jsonLinesFile } from './node-json-lines.js';
export { type JsonSchemaGrammar, jsonSchemaGrammar } from './node-json-schema.js';
export { nodeModelDirectory } from './node-model-directory.js';
export * from './node-storage.js';
