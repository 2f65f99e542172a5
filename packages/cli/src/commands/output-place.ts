/** Whether an output can be written, before any work goes into it. Writes nothing. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { entriesOf, whileLocked } from '@attune/core/internal';
import type { Storage } from '@attune/hub';
import { isModelDraft, removeModelDrafts } from '@attune/hub/internal';
import { nodeStorage } from '@attune/hub/node';
import { AttuneError } from '@attune/ir';

/** @throws AttuneError `E_OUTPUT_EXISTS` where a file is in the way, `E_DISK` without permission */
export async function requireDirectoryPlace(path: string): Promise<void> {
  for (let current = resolve(path); ; current = dirname(current)) {
    const found = await stat(current).catch(() => undefined);
    if (!found && current !== dirname(current)) continue;
    if (found && !found.isDirectory()) {
      const name = current === resolve(path) ? path : current;
      throw new AttuneError('E_OUTPUT_EXISTS', `${name} is a file; a directory is needed for the output.`, {
        file: path,
        field: 'output',
        hint: 'Choose another directory.',
      });
    }
    await requireWritable(current, path);
    return;
  }
}

/**
 * A directory that is to hold a model or an adapter, and nothing else.
 * @returns what writes it, which is alone in it meanwhile
 * @throws AttuneError `E_OUTPUT_EXISTS` if something is in it, and as `requireDirectoryPlace`
 */
export async function newDirectory(
  path: string,
): Promise<(write: (target: Storage) => Promise<void>) => Promise<void>> {
  await requireDirectoryPlace(path);
  const target = nodeStorage(resolve(path));
  await requireEmpty(target, path);
  return (write) =>
    whileLocked(target, async () => {
      await requireEmpty(target, path);
      await removeModelDrafts(target);
      await write(target);
    });
}

/** But for what an interrupted command left there. @throws AttuneError `E_OUTPUT_EXISTS` */
async function requireEmpty(target: Storage, path: string): Promise<void> {
  if ((await entriesOf(target)).every(isModelDraft)) return;
  throw new AttuneError('E_OUTPUT_EXISTS', `${path} is not empty.`, { file: path, hint: 'Choose another directory.' });
}

/** Who may lose a file that an output would replace. */
export interface Replacement {
  /** Whether what is there is an earlier output of the same command, which may always be replaced. */
  readonly isOwn: (path: string) => Promise<boolean>;
  /** Whether the user allows another file to be replaced. */
  readonly overwrite: boolean;
  /** The name that a file needs before `overwrite` may replace it. */
  readonly extensions: readonly string[];
}

/**
 * @throws AttuneError `E_OUTPUT_EXISTS` for what is not a regular file and for a file that must not be replaced; and as
 * `requireDirectoryPlace`
 */
export async function requireFilePlace(path: string, { isOwn, overwrite, extensions }: Replacement): Promise<void> {
  const found = await stat(resolve(path)).catch(() => undefined);
  const refused = (message: string, hint: string) =>
    new AttuneError('E_OUTPUT_EXISTS', message, { file: path, field: 'output', hint });
  if (found && !found.isFile()) {
    const kind = found.isDirectory() ? 'a directory; the output is one file' : 'not a regular file, and stays as it is';
    throw refused(`${path} is ${kind}.`, `Name a file that ends in ${extensions.join(' or ')}.`);
  }
  if (found && !(await isOwn(resolve(path)))) {
    const isNamed = extensions.includes(extname(path).toLowerCase());
    if (!isNamed) throw refused(`${path} is another file, and stays as it is.`, 'Choose another name.');
    if (!overwrite) throw refused(`${path} is there already.`, 'Choose another name, or replace it with --overwrite.');
  }
  await requireDirectoryPlace(dirname(resolve(path)));
}

async function requireWritable(directory: string, path: string): Promise<void> {
  try {
    await access(directory, constants.W_OK);
  } catch (cause) {
    throw new AttuneError('E_DISK', `${path} cannot be written: ${directory} does not allow it.`, {
      file: path,
      field: 'output',
      cause,
    });
  }
}
