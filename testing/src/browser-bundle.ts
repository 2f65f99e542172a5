/** Bundles a module for browsers from the sources of the packages, so that tests need no build. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

type Exports = Readonly<Record<string, Readonly<Record<string, string>>>>;

const packages = new URL('../../packages/', import.meta.url);

/** `@attune/hub/directory` is packages/hub/src/directory-browser.ts: the source of what the package exports to browsers. */
const fromSources: Plugin = {
  name: 'attune-sources',
  setup: ({ onResolve }) => onResolve({ filter: /^@attune\// }, ({ path }) => ({ path: sourceOf(path) })),
};

function sourceOf(specifier: string): string {
  const [, name, ...rest] = specifier.split('/');
  if (name === 'testing') return fileURLToPath(new URL(`${rest.join('/')}.ts`, import.meta.url));
  const directory = new URL(`${name}/`, packages);
  const { exports }: { exports: Exports } = JSON.parse(readFileSync(new URL('package.json', directory), 'utf8'));
  const conditions = exports[['.', ...rest].join('/')];
  const built = conditions?.browser ?? conditions?.default;
  if (built === undefined) throw new Error(`${specifier} is not among the exports of its package.`);
  return fileURLToPath(new URL(built.replace('./dist/', 'src/').replace(/\.js$/, '.ts'), directory));
}

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
    plugins: [fromSources],
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}
