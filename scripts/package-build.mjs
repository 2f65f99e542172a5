// How the packages are built: configurations of tsup. The declarations are those that `npm run typecheck` writes, since one
// run of TypeScript for all packages takes a quarter of what one for each takes.
import { cpSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const isPublished = (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !/(^|\/)testing\//.test(file);

/** Copies the declarations of the package in the working directory beside what was built. */
function copyDeclarations() {
  const declarations = join('../../.types/packages', basename(process.cwd()), 'src');
  const sources = readdirSync('src', { recursive: true }).filter(isPublished);
  for (const file of sources.map((source) => source.replace(/\.ts$/, '.d.ts'))) {
    cpSync(join(declarations, file), join('dist', file));
  }
}

const shared = { format: 'esm', clean: true, target: 'es2023' };

/** A package of few files. */
export const bundled = (entry) => ({ ...shared, entry, onSuccess: async () => copyDeclarations() });

/**
 * A package that browsers load too: a file for each source, so that bundlers leave out what is not used, and below
 * `dist/node` few files with the same content, since Node takes one to two milliseconds for each that it loads. `exports` in
 * package.json gives Node the latter by the condition `node`, so a process has every module once.
 * @param entries what package.json exports, by the names of the sources
 */
export function library({ entries = ['index'], esbuildPlugins = [] } = {}) {
  return {
    ...shared,
    entry: ['src/**/*.ts', '!src/**/*.test.ts', '!src/**/testing/**'],
    bundle: false,
    splitting: false,
    esbuildPlugins,
    onSuccess: async () => {
      copyDeclarations();
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
