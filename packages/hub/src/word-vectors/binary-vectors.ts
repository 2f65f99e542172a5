/** word2vec's binary format: a line with the two counts, then each word, a space, and its values as little-endian f32. */
import { AttuneError } from '@attune/ir';
import { joined } from './lines.js';
import { headerOf } from './text-vectors.js';
import { VectorTable, vectorsError } from './vector-table.js';

const [newline, space] = [10, 32];
const maxWordBytes = 1 << 16;

/** @throws AttuneError `E_WORD_VECTORS`, `E_FILE_ENCODING`, both naming file and word */
export async function readBinaryVectors(
  chunks: AsyncIterable<Uint8Array>,
  { file, maxWords }: { readonly file: string; readonly maxWords: number },
): Promise<VectorTable> {
  const bytes = new ByteReader(chunks, file);
  const header = await bytes.until(newline, `${file}:1`);
  const { words, dimensions } = headerOf(header.trimEnd().split(' '), file, `${file}:1`);
  const table = new VectorTable(file, dimensions, maxWords);
  while (table.size < words && !table.isFull) {
    const place = `${file}: word ${table.size + 1} of ${words}`;
    const word = (await bytes.until(space, place)).replace(/^\n/, '');
    const data = await bytes.take(dimensions * 4, place);
    const values = table.add(word, place);
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    for (let index = 0; index < dimensions; index++) values[index] = view.getFloat32(index * 4, true);
    table.checkFinite(values, place);
  }
  if (table.size === words && !(await bytes.isAtEnd())) {
    throw vectorsError(file, file, `goes on after the ${words} words that its first line announces`);
  }
  return table;
}

/** Takes what is needed from chunks that end anywhere. */
class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #file: string;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #bytes: Uint8Array = new Uint8Array(0);
  #position = 0;

  constructor(chunks: AsyncIterable<Uint8Array>, file: string) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#file = file;
  }

  /** The text before the next `end`, which is passed over. */
  async until(end: number, place: string): Promise<string> {
    for (;;) {
      const at = this.#bytes.indexOf(end, this.#position);
      if (at >= 0) {
        const text = this.#decode(this.#bytes.subarray(this.#position, at), place);
        this.#position = at + 1;
        return text;
      }
      const isTooLong = this.#bytes.length - this.#position > maxWordBytes;
      if (isTooLong || !(await this.#more())) {
        throw vectorsError(this.#file, place, isTooLong ? 'has a word without an end' : 'is not there: the file ends');
      }
    }
  }

  async take(count: number, place: string): Promise<Uint8Array> {
    while (this.#bytes.length - this.#position < count) {
      if (await this.#more()) continue;
      const there = this.#bytes.length - this.#position;
      throw vectorsError(this.#file, place, `has ${there} bytes of values, ${count} are needed: the file ends`);
    }
    this.#position += count;
    return this.#bytes.subarray(this.#position - count, this.#position);
  }

  /** Whether nothing but line feeds follows. */
  async isAtEnd(): Promise<boolean> {
    do {
      if (this.#bytes.subarray(this.#position).some((byte) => byte !== newline)) return false;
      this.#position = this.#bytes.length;
    } while (await this.#more());
    return true;
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done) return false;
    this.#bytes = joined(this.#bytes.subarray(this.#position), value);
    this.#position = 0;
    return true;
  }

  #decode(bytes: Uint8Array, place: string): string {
    try {
      return this.#decoder.decode(bytes);
    } catch (cause) {
      throw new AttuneError('E_FILE_ENCODING', `${place} is not valid UTF-8.`, { file: this.#file, cause });
    }
  }
}
