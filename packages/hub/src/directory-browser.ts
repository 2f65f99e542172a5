/** `@attune/hub/directory` outside Node, where a path says nothing. */
import { AttuneError } from '@attune/ir';
import type { Storage } from './storage.js';

/** @throws AttuneError `E_CONFIG` for a path */
export function openDirectory(directory: Storage | string): Storage {
  if (typeof directory !== 'string') return directory;
  throw new AttuneError('E_CONFIG', `"${directory}" is a path, and paths can be opened in Node only.`, {
    file: directory,
    hint: 'Pass a Storage: await opfsStorage(path), or new MemoryStorage().',
  });
}

export { openDirectory as openModelDirectory };
