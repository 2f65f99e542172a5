/** The sources of the packages, as browsers get them, so that tests need no build. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

type Exports = Readonly<Record<string, Readonly<Record<string, string>>>>;

const packages = new URL('../../packages/', import.meta.url);

/**
 * The file of a specifier that begins with `@attune/`: `@attune/hub/directory` is packages/hub/src/directory-browser.ts.
 * @throws Error for what its package does not export
 */
export function sourceOf(specifier: string): string {
  const [, name, ...rest] = specifier.split('/');
  if (name === 'testing') return fileURLToPath(new URL(`${rest.join('/')}.ts`, import.meta.url));
  const directory = new URL(`${name}/`, packages);
  const { exports }: { exports: Exports } = JSON.parse(readFileSync(new URL('package.json', directory), 'utf8'));
  const conditions = exports[['.', ...rest].join('/')];
  const built = conditions?.browser ?? conditions?.default;
  if (built === undefined) throw new Error(`${specifier} is not among the exports of its package.`);
  return fileURLToPath(new URL(built.replace('./dist/', 'src/').replace(/\.js$/, '.ts'), directory));
}

/** For the builds of Vite. */
export const attuneSources = {
  name: 'attune-sources',
  enforce: 'pre',
  resolveId: (specifier: string) => (specifier.startsWith('@attune/') ? sourceOf(specifier) : undefined),
} as const;
