// What a browser downloads of the built packages, minified and gzipped: `node scripts/bundle-size.mjs [--files]`. Fails
// where it is more than the limits below. What is loaded only by a run that asks for it (`import()`) does not count.
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
    limit: 125,
    contents: `${training}
      export { csv } from '@attune/data';
      export { sequenceClassification } from '@attune/models';
      export { lora } from '@attune/strategies';`,
  },
];

for (const { name, limit, contents } of bundles) {
  const { outputs, bytes } = await bundle(contents);
  const size = bytes / 1024;
  console.log(`bundle: ${name} ${size.toFixed(1)} of ${limit} KB`);
  if (process.argv.includes('--files')) console.log(filesOf(outputs).join('\n'));
  if (size > limit) process.exitCode = 1;
}

/** The chunks that the first one imports, itself among them, and how large they are together. */
async function bundle(contents) {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    outdir: 'dist',
    external: ['webgpu'],
    absWorkingDir: root,
    // Without the paths of tsconfig.json, which lead to the sources.
    tsconfigRaw: {},
  });
  const names = new Set(['dist/stdin.js']);
  for (const name of names) {
    for (const { path, kind } of metafile.outputs[name]?.imports ?? []) if (kind === 'import-statement') names.add(path);
  }
  const contentOf = (name) => outputFiles.find(({ path }) => path.endsWith(`/${name}`))?.contents ?? '';
  return {
    outputs: [...names].flatMap((name) => metafile.outputs[name] ?? []),
    bytes: [...names].reduce((total, name) => total + gzipSync(contentOf(name), { level: 9 }).length, 0),
  };
}

/** Every file with its bytes before compression, the largest first. */
function filesOf(outputs) {
  return outputs
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .sort(([, one], [, other]) => other.bytesInOutput - one.bytesInOutput)
    .map(([path, { bytesInOutput }]) => `${String(bytesInOutput).padStart(8)} ${path}`);
}
