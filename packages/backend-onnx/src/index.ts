export { type OnnxOptions, onnx } from './backend.js';
export { exportGraph } from './export.js';
export type { OnnxGraph } from './lowering/graph.js';
export { lower } from './lowering/lower.js';
export { encodeModel, printGraph } from './lowering/model.js';
