import { defineConfig } from 'vite';
import { offline } from './offline.js';

export default defineConfig({
  base: './',
  // The runtime without what WebGPU and WebNN need: half the size.
  resolve: { alias: [{ find: /^onnxruntime-web$/, replacement: 'onnxruntime-web/wasm' }] },
  worker: { format: 'es' },
  build: { target: 'es2023', rolldownOptions: { external: ['onnxruntime-node'] } },
  plugins: [offline()],
});
