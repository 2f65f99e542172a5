/** Whether an output can be written, before any work goes into it. Writes nothing. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
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

/** @throws AttuneError `E_OUTPUT_EXISTS` for a directory, and as `requireDirectoryPlace` */
export async function requireFilePlace(path: string): Promise<void> {
  if ((await stat(resolve(path)).catch(() => undefined))?.isDirectory()) {
    throw new AttuneError('E_OUTPUT_EXISTS', `${path} is a directory; the output is one file.`, {
      file: path,
      field: 'output',
      hint: 'Name a file that ends in .onnx.',
    });
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
