// The code of a worker as one text: `worker/script.ts` with all that it imports replaces the empty `worker/source.ts` beside
// it in packages/hub. As a plugin of esbuild (tsup, bundles for browsers) and of Vite (vitest).
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const source = /hub[\\/]src[\\/].*worker[\\/]source\.ts$/;
const ir = fileURLToPath(new URL('../packages/ir/src/index.ts', import.meta.url));

/** The text of a source.ts with the bundled script beside it. */
async function sourceWithScript(path) {
  const { outputFiles } = await build({
    entryPoints: [join(dirname(path), 'script.ts')],
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
  setup: ({ onLoad }) =>
    onLoad({ filter: source }, async ({ path }) => ({ contents: await sourceWithScript(path), loader: 'ts' })),
};

export const workerSourceForVite = {
  name: 'attune-worker-source',
  enforce: 'pre',
  load: (id) => (source.test(id) ? sourceWithScript(id) : undefined),
};
