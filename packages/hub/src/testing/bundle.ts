/** For tests: a script of the sources as one file that a process of its own can run. */
import { mkdtemp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const packages = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/**
 * @param entry the path of the script
 * @returns the path of the bundle, in a directory of its own among the installed packages so that its runtimes resolve
 */
export async function bundleScript(entry: string): Promise<string> {
  const outDir = await mkdtemp(join(packages, '../node_modules/.attune-child-'));
  await build({
    entry: { script: entry },
    outDir,
    format: 'esm',
    target: 'node20',
    config: false,
    silent: true,
    noExternal: [/^@attune\//, 'zod'],
    external: ['onnxruntime-node', 'onnxruntime-web'],
    outExtension: () => ({ js: '.mjs' }),
    esbuildPlugins: [
      {
        name: 'sources',
        setup(bundler) {
          bundler.onResolve({ filter: /^@attune\// }, ({ path }) => {
            const [, name, sub = 'index'] = /^@attune\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
            return { path: join(packages, `${name}/src/${sub}.ts`) };
          });
        },
      },
    ],
  });
  return join(outDir, 'script.mjs');
}
