/** What storages say about a disk that does not do what it should. */
import { AttuneError } from '@attune/ir';

/** @param reason why the path cannot be used, as an end of that sentence */
export function diskError(file: string, reason: string, cause?: unknown): AttuneError {
  return new AttuneError('E_DISK', `${file} cannot be used: ${reason}.`, { file, cause });
}

/** @param freeBytes what is left, where that is known */
export function diskFull(
  file: string,
  neededBytes: number,
  freeBytes: number | undefined,
  cause: unknown,
): AttuneError {
  const free = freeBytes === undefined ? '' : `, ${freeBytes} bytes are free`;
  return new AttuneError(
    'E_DISK',
    `${file} cannot be written: the disk is full (${neededBytes} bytes needed${free}).`,
    {
      file,
      hint: 'Free some space and run the command again with --resume.',
      cause,
    },
  );
}

export function cannotRead(file: string, kind: 'a directory' | 'no regular file', cause?: unknown): AttuneError {
  return new AttuneError('E_DISK', `${file} cannot be read: it is ${kind}.`, { file, cause });
}

export const FILE_IN_THE_WAY = 'a file stands where a directory is needed';
export const NOT_EMPTY = 'a directory that is not empty stands where it should go';
