// The code of the worker for foreign tokenizers as one text, which replaces the empty packages/hub/src/tokenization/worker/
// source.ts: as a plugin of esbuild (tsup, bundles for browsers) and of Vite (vitest).
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = /tokenization[\\/]worker[\\/]source\.ts$/;
const script = fileURLToPath(new URL('../packages/hub/src/tokenization/worker/script.ts', import.meta.url));
const ir = fileURLToPath(new URL('../packages/ir/src/index.ts', import.meta.url));

/** The text of source.ts with the bundled script. */
async function sourceWithScript() {
  const { outputFiles } = await build({
    entryPoints: [script],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
    alias: { '@attune/ir': ir },
    logLevel: 'silent',
  });
  return `export const workerSource = ${JSON.stringify(outputFiles[0].text)};\n`;
}

export const workerSourceForEsbuild = {
  name: 'attune-worker-source',
  setup: ({ onLoad }) => onLoad({ filter: source }, async () => ({ contents: await sourceWithScript(), loader: 'ts' })),
};

export const workerSourceForVite = {
  name: 'attune-worker-source',
  enforce: 'pre',
  load: (id) => (source.test(id) ? sourceWithScript() : undefined),
};
