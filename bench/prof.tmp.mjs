import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire('/work/main/packages/backend-onnx/src/x.js');
const ort = require('onnxruntime-node');
const create = ort.InferenceSession.create.bind(ort.InferenceSession);
const sessions = [];
ort.InferenceSession.create = async (model, options) => {
  const session = await create(model, { ...options, enableProfiling: true, profileFilePrefix: '/tmp/ortprof' });
  sessions.push(session);
  return session;
};
process.argv.splice(2, 0);
globalThis.__profileEnd = () => {
  for (const s of sessions) {
    try {
      s.endProfiling();
    } catch {}
  }
};
process.on('exit', () => globalThis.__profileEnd());
await import('./attune-step.mjs');
