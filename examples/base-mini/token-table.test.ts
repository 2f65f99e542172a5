import { MemoryStorage, writeFile } from '@attune/hub';
import { hostTensor } from '@attune/ir';
import { expect, it } from 'vitest';
import { readPieces, tableAfterTeacher } from './token-table.js';

it('the teacher reads pieces without their mark, and not the special ones', async () => {
  const files = new MemoryStorage('tokenizer');
  await writeFile(files, 'vocab.txt', '[PAD]\n[\nhouse\n##s\n');
  expect(await readPieces(files)).toEqual({
    pieces: ['[PAD]', '[', 'house', '##s'],
    texts: ['[', 'house', 's'],
  });
});

it('rows of pieces begin along the main directions of the embeddings, the others stay', () => {
  const pieces = ['[PAD]', 'a', 'b', 'c', 'd'];
  // Far apart along (1, 1, 0), near along (1, -1, 0), the same along the third axis.
  const values = Float32Array.from([3, 3, 1, -3, -3, 1, 1, -1, 1, -1, 1, 1]);
  const begun = hostTensor([5, 2], [7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
  const table = tableAfterTeacher(begun, { pieces, vectors: { width: 3, values, fingerprint: '' } });
  const [first, second] = [Math.SQRT2 * 3, Math.SQRT2];
  const scale = 0.04 / Math.sqrt((2 * first ** 2 + 2 * second ** 2) / 8);
  const magnitudes = Array.from(table.data, Math.abs);
  expect(magnitudes.slice(0, 2)).toEqual([7, 8]);
  const expected = [first, 0, first, 0, 0, second, 0, second].map((value) => expect.closeTo(value * scale, 6));
  expect(magnitudes.slice(2)).toEqual(expected);
  expect(table.data[2]! * table.data[4]!).toBeLessThan(0);
});
