// Bundles a TypeScript program of an example, whose packages are built, and runs it.
import { build, root, run } from './setup.mjs';

/** @param path of the program below `examples`, without its ending */
export async function runExample(path, args) {
  build();
  const { build: bundle } = await import('esbuild');
  const [example, program] = path.split('/');
  const outfile = `${root}examples/${example}/dist/${program}.js`;
  await bundle({
    entryPoints: [`${root}examples/${path}.ts`],
    outfile,
    bundle: true,
    packages: 'external',
    // Without the paths of tsconfig.json, which lead to the sources of the packages.
    tsconfigRaw: {},
    format: 'esm',
    platform: 'node',
    target: 'es2023',
    logLevel: 'warning',
  });
  run('node', [outfile, ...args], { cwd: process.cwd(), env: { ...process.env, ATTUNE_ROOT: root } });
}
