/** Writes word vectors as other tools read them. */
import { AttuneError } from '@attune/ir';
import type { FileWriter } from '../storage.js';
import type { WordVectorFormat, WordVectors } from './load.js';

/** Rows that are written together. */
const CHUNK = 1000;

/**
 * Writes a file of word vectors: `word2vec` text is also what fastText's `.vec` files are. Numbers have the nine digits that
 * tell one f32 from all others.
 * @param target is left open: the caller closes it, or gives it up
 * @throws AttuneError `E_WORD_VECTORS` for a word that is empty or has a blank or control character in it, which the formats
 * cannot hold; `E_DISK`
 */
export async function writeWordVectors(
  target: Pick<FileWriter, 'write'>,
  { vocabulary, vectors }: WordVectors,
  format: WordVectorFormat,
): Promise<void> {
  const [, width = 0] = vectors.type.shape;
  const encoder = new TextEncoder();
  const isBinary = format === 'word2vec-binary';
  if (format !== 'glove') await target.write(encoder.encode(`${vocabulary.size} ${width}\n`));
  let parts: Uint8Array[] = [];
  for (const [word, row] of vocabulary) {
    requireWord(word);
    const values = vectors.data.subarray(row * width, (row + 1) * width);
    if (isBinary) parts.push(encoder.encode(`${word} `), littleEndian(values), encoder.encode('\n'));
    else parts.push(encoder.encode(`${word} ${Array.from(values, shortest).join(' ')}\n`));
    if (parts.length < CHUNK) continue;
    await target.write(joined(parts));
    parts = [];
  }
  await target.write(joined(parts));
}

const shortest = (value: number): number => Number(value.toPrecision(9));

function requireWord(word: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (word !== '' && !/[\s\u0000-\u001f]/.test(word)) return;
  const shown = JSON.stringify(word.slice(0, 60));
  throw new AttuneError('E_WORD_VECTORS', `The word ${shown} cannot be written: it is empty or has a blank in it.`);
}

function littleEndian(values: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (let index = 0; index < values.length; index++) view.setFloat32(index * 4, values[index]!, true);
  return new Uint8Array(view.buffer);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
