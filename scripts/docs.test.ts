import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !['dist', 'node_modules'].includes(entry.name)) yield* sources(path);
    else if (path.endsWith('.ts') && !path.endsWith('.test.ts')) yield path;
  }
}

it('docs/errors.md has every error code of the sources, and no other', () => {
  const used = new Set<string>();
  for (const file of sources(join(root, 'packages'))) {
    for (const [code] of readFileSync(file, 'utf8').matchAll(/(?<=')E_[A-Z_]+(?=')/g)) used.add(code);
  }
  used.delete('E_BACKEND');
  const documented = [...readFileSync(join(root, 'docs/errors.md'), 'utf8').matchAll(/^\| `(E_[A-Z_]+)`/gm)].map(
    (match) => match[1]!,
  );
  expect(documented.toSorted()).toEqual([...used].sort());
});
