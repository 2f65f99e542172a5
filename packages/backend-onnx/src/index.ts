export { type OnnxOptions, onnx } from './backend.js';
export { type ExportOptions, exportGraph } from './export/export-graph.js';
export type { OnnxGraph } from './lowering/graph.js';
