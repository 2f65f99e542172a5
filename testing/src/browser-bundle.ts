/** Bundles a module for browsers from the sources of the packages, so that tests need no build. */
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { workerSourceForEsbuild } from '../../scripts/worker-source.mjs';
import { sourceOf } from './attune-sources.js';

const fromSources: Plugin = {
  name: 'attune-sources',
  setup: ({ onResolve }) => onResolve({ filter: /^@attune\// }, ({ path }) => ({ path: sourceOf(path) })),
};

/**
 * @param external packages that the bundle leaves out, because only Node loads them
 * @returns the text of one ES module with the exports of `module`
 */
export async function bundleForBrowsers(module: URL, external: readonly string[]): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(module)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: [...external],
    plugins: [fromSources, workerSourceForEsbuild],
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}
