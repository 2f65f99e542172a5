export { type WebgpuOptions, webgpu } from './backend.js';
export { type KernelReport, printKernels, type WebgpuReport } from './execution/report.js';
