import { defineConfig } from 'vite';
import { offline } from './offline.js';
import { policy, securityPolicy } from './security-policy.js';

export default defineConfig({
  base: './',
  // The runtime without what WebGPU and WebNN need: half the size.
  resolve: { alias: [{ find: /^onnxruntime-web$/, replacement: 'onnxruntime-web/wasm' }] },
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    rolldownOptions: { input: ['index.html', 'characters.html', 'chat.html'], external: ['onnxruntime-node'] },
  },
  // Workers have the policy that they are served with.
  preview: { headers: { 'Content-Security-Policy': policy } },
  plugins: [securityPolicy(), offline()],
});
