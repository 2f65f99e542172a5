/** What sister packages need beside the public entry; it may change in any version. */
export { EXPORT_HEAD_BYTES, isExportedGraph } from './export/producer.js';
export { encodeModel } from './lowering/model.js';
