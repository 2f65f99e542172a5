// Bundles a TypeScript program of an example or a benchmark, whose packages are built, and runs it.
import { basename, dirname, join } from 'node:path';
import { build, root, run } from './setup.mjs';

/**
 * @param path of the program below the repository, without its ending
 * @param options of esbuild, beside those for Node
 * @returns the path of the bundle
 */
export async function bundleProgram(path, options = {}) {
  const { build: bundle } = await import('esbuild');
  const outfile = join(root, dirname(path), 'dist', `${basename(path)}.js`);
  await bundle({
    entryPoints: [`${root}${path}.ts`],
    outfile,
    bundle: true,
    packages: 'external',
    // Without the paths of tsconfig.json, which lead to the sources of the packages.
    tsconfigRaw: {},
    format: 'esm',
    platform: 'node',
    target: 'es2023',
    logLevel: 'warning',
    ...options,
  });
  return outfile;
}

/** Bundles and runs a program below `examples`. @param environment variables beside those of this process */
export async function runExample(path, args, environment = {}) {
  build();
  const program = await bundleProgram(`examples/${path}`, { alias: { '@attune/testing': `${root}testing/src` } });
  run('node', [program, ...args], {
    cwd: process.cwd(),
    env: { ...process.env, ...environment, ATTUNE_ROOT: root },
  });
}
