import { isAttuneError } from '@attune/ir';
import { expect, test } from 'vitest';
import { MemoryStorage } from '../memory-storage.js';
import { writeFile } from '../storage.js';
import golden from '../testing/safetensors-headers.json';
import { openSafetensors } from './read.js';

/** What the reference takes and Attune does not: what says two things, or would be read as another number. */
const refusedHere = /^duplicate |^tensor as a list$|^dtype as an object$|^size beyond 2\^53 and 0$/;

test('T02, T03: Python’s safetensors and Attune open the same files', async () => {
  const differences: string[] = [];
  for (const { name, accepted, file } of golden.cases) {
    const storage = new MemoryStorage();
    await writeFile(
      storage,
      'file',
      Uint8Array.from(atob(file), (character) => character.charCodeAt(0)),
    );
    const opened = await openSafetensors(storage, 'file').then(
      () => true,
      (error: unknown) => {
        if (isAttuneError(error) && error.code.startsWith('E_SAFETENSORS_')) return false;
        throw error;
      },
    );
    if (opened !== (accepted && !refusedHere.test(name))) differences.push(`${name}: ${opened}`);
  }
  expect(differences).toEqual([]);
  expect(golden.cases.filter(({ accepted }) => accepted).length).toBeGreaterThan(60);
});
