// How the packages are built that browsers and Node load.
import { build } from 'esbuild';

/**
 * The configuration of tsup: a file for each source, so that bundlers leave out what is not used, and below `dist/node` few
 * files with the same content, since Node takes one to two milliseconds for each that it loads. `exports` in package.json
 * gives Node the latter by the condition `node`, so a process has every module once.
 * @param entries what package.json exports, by the names of the sources
 * @param browserEntries of these, what browsers get instead of an entry
 */
export function library({ entries = ['index'], browserEntries = [], esbuildPlugins = [] } = {}) {
  return {
    entry: ['src/**/*.ts', '!src/**/*.test.ts', '!src/**/testing/**'],
    bundle: false,
    splitting: false,
    format: 'esm',
    dts: { entry: [...entries, ...browserEntries].map((name) => `src/${name}.ts`) },
    clean: true,
    esbuildPlugins,
    target: 'es2023',
    onSuccess: async () => {
      await build({
        entryPoints: entries.map((name) => `./dist/${name}.js`),
        outdir: 'dist/node',
        bundle: true,
        splitting: true,
        packages: 'external',
        format: 'esm',
        platform: 'node',
        target: 'es2023',
      });
    },
  };
}
