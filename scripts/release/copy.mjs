// A copy of the packages, as they are here, in which a release can be made without a change to the checkout.
import { cpSync, mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../setup.mjs';
import { output } from './steps.mjs';

/**
 * Copies all files that git does not ignore, and what is built, with the declarations of core, which is built again; the
 * dependencies are those of the checkout.
 */
export async function copyRepository(target) {
  const files = await output('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  const kept = files
    .split('\0')
    .filter((file) => /^(packages|examples|bench|testing|scripts|\.changeset)\/|^[^/]+$/.test(file));
  const packages = readdirSync(join(root, 'packages'));
  const built = [...packages.map((name) => `packages/${name}/dist`), '.types/packages/core'];
  for (const file of [...kept.filter(Boolean), ...built]) {
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(root, file), join(target, file), { recursive: true, verbatimSymlinks: true });
  }
  linkDependencies(target, '.');
  for (const name of packages) linkDependencies(target, join('packages', name));
  const git = (...args) => output('git', args, { cwd: target });
  await git('init', '--quiet', '--initial-branch', 'main');
  await git('add', '--all');
  await git('-c', 'user.name=release', '-c', 'user.email=release@localhost', 'commit', '--quiet', '--message', 'Copy');
}

/** Links the packages that are installed in a folder; links to packages of the repository lead to the copy. */
function linkDependencies(target, folder) {
  const from = join(root, folder, 'node_modules');
  const to = join(target, folder, 'node_modules');
  for (const { name, isLink, scope } of installedIn(from)) {
    mkdirSync(join(to, scope), { recursive: true });
    symlinkSync(isLink ? readlinkSync(join(from, name)) : join(from, name), join(to, name));
  }
}

function installedIn(folder) {
  const list = (path) => {
    try {
      return readdirSync(path, { withFileTypes: true });
    } catch {
      return [];
    }
  };
  return list(folder).flatMap((entry) =>
    entry.name.startsWith('@')
      ? list(join(folder, entry.name)).map((inner) => ({
          name: join(entry.name, inner.name),
          isLink: inner.isSymbolicLink(),
          scope: entry.name,
        }))
      : [{ name: entry.name, isLink: entry.isSymbolicLink(), scope: '' }],
  );
}

/** Writes a changeset for a patch, as a maintainer would. */
export function writePatch(target) {
  writeFileSync(
    join(target, '.changeset/patch.md'),
    `---\n'@attune/core': patch\n---\n\nA patch of the release check.\n`,
  );
}
