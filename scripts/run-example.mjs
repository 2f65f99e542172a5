// Bundles a TypeScript program of an example, whose packages are built, and runs it.
import { build, root, run } from './setup.mjs';

/**
 * @param path of the program below `examples`, without its ending
 * @param options of esbuild, beside those for Node
 * @returns the path of the bundle
 */
export async function bundleExample(path, options = {}) {
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
    ...options,
  });
  return outfile;
}

/** Bundles and runs a program. @param environment variables beside those of this process */
export async function runExample(path, args, environment = {}) {
  build();
  const program = await bundleExample(path, { alias: { '@attune/testing': `${root}testing/src` } });
  run('node', [program, ...args], {
    cwd: process.cwd(),
    env: { ...process.env, ...environment, ATTUNE_ROOT: root },
  });
}
