export { type WebgpuOptions, webgpu } from '@attune/backend-webgpu';
