// What a browser downloads of the built packages, minified and gzipped: `node scripts/bundle-size.mjs [--files]`. Fails
// where it is more than the limits below.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { root } from './setup.mjs';

const training = `
  export { webgpu } from '@attune/backend-webgpu';
  export { Trainer } from '@attune/core';
  export { loadModel } from '@attune/models';`;

/** Limits in KB of 1024 bytes. */
const bundles = [
  { name: 'core, WebGPU and BERT', limit: 90, contents: training },
  {
    name: 'the same with tokenizer, CSV and LoRA',
    limit: 142,
    contents: `${training}
      export { csv } from '@attune/data';
      export { sequenceClassification } from '@attune/models';
      export { lora } from '@attune/strategies';`,
  },
];

/** What `import()` loads is a file of its own, which only runs that ask for it download. */
const lazyFiles = {
  name: 'lazy-files',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\./ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    ),
};

for (const { name, limit, contents } of bundles) {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    absWorkingDir: root,
    plugins: [lazyFiles],
    // Without the paths of tsconfig.json, which lead to the sources.
    tsconfigRaw: {},
  });
  const size = gzipSync(outputFiles[0].contents, { level: 9 }).length / 1024;
  console.log(`bundle: ${name} ${size.toFixed(1)} of ${limit} KB`);
  if (process.argv.includes('--files')) console.log(filesOf(metafile).join('\n'));
  if (size > limit) process.exitCode = 1;
}

/** Every file with its bytes before compression, the largest first. */
function filesOf({ outputs }) {
  return Object.values(outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .sort(([, one], [, other]) => other.bytesInOutput - one.bytesInOutput)
    .map(([path, { bytesInOutput }]) => `${String(bytesInOutput).padStart(8)} ${path}`);
}
