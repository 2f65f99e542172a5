export { type OnnxOptions, onnx } from './backend.js';
export { type ExportOptions, exportGraph } from './export/export-graph.js';
export { EXPORT_HEAD_BYTES, isExportedGraph } from './export/producer.js';
export type { OnnxGraph } from './lowering/graph.js';
export { lower } from './lowering/lower.js';
export { encodeModel, printGraph } from './lowering/model.js';
