export { type WebgpuOptions, webgpu } from './backend.js';
export { type KernelTrace, type ProgramTrace, printTrace } from './execution/trace.js';
export type { TuningCache } from './tuning/tuning-cache.js';
