/** Pointers of Git LFS, which lie in the place of large files in a clone without them. */
import { AttuneError } from '@attune/ir';

/** A pointer is not longer than this. */
const POINTER_BYTES = 1024;

/**
 * @param bytes a file, or its start
 * @param file how messages call it
 * @throws AttuneError `E_LFS_POINTER` that says how to get the file itself
 */
export function requireNoLfsPointer(bytes: Uint8Array, file: string): void {
  const text = new TextDecoder().decode(bytes.subarray(0, POINTER_BYTES));
  if (!text.startsWith('version https://git-lfs.github.com/spec/v1\n')) return;
  const size = /^size (\d+)$/m.exec(text)?.[1];
  const of = size === undefined ? '' : ` of ${size} bytes`;
  throw new AttuneError('E_LFS_POINTER', `${file} is a pointer of Git LFS to a file${of}, not the file itself.`, {
    file,
    hint: 'Run "git lfs pull" in the clone, or download the file itself.',
  });
}
