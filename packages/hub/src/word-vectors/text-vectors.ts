/** Word vectors as text: a word and its values a line; word2vec has a first line with the two counts. */
import { lineBlocks } from './lines.js';
import { VectorTable, vectorsError } from './vector-table.js';

export interface TextVectorOptions {
  readonly file: string;
  /** Whether the first line holds the counts; where absent, it does if it is two whole numbers. */
  readonly hasHeader: boolean | undefined;
  readonly maxWords: number;
}

/** @throws AttuneError `E_WORD_VECTORS`, `E_FILE_ENCODING`, both naming file and line */
export async function readTextVectors(
  chunks: AsyncIterable<Uint8Array>,
  { file, hasHeader, maxWords }: TextVectorOptions,
): Promise<VectorTable> {
  let table: VectorTable | undefined;
  let announced: number | undefined;
  let number = 0;
  let blank = 0;
  for await (const lines of lineBlocks(chunks, file)) {
    for (const line of lines) {
      const place = `${file}:${++number}`;
      const fields = line.trimEnd().split(' ');
      if (number === 1 && (hasHeader ?? isHeader(fields))) {
        const header = headerOf(fields, file, place);
        announced = header.words;
        table = new VectorTable(file, header.dimensions, maxWords);
        continue;
      }
      if (line.trim() === '') {
        blank ||= number;
        continue;
      }
      if (blank > 0) throw vectorsError(file, `${file}:${blank}`, 'is empty');
      if (fields.length < 2) throw vectorsError(file, place, `has ${JSON.stringify(fields[0])} and no value`);
      table ??= new VectorTable(file, fields.length - 1, maxWords);
      addLine(table, fields, file, place);
      if (announced !== undefined && table.size > announced) {
        throw vectorsError(file, place, `is one more than the ${announced} words that the first line announces`);
      }
      if (table.isFull) return table;
    }
  }
  if (!table) throw vectorsError(file, file, 'is empty');
  if (announced !== undefined && table.size < announced) {
    const fault = `ends after ${table.size} of the ${announced} words that its first line announces (truncated?)`;
    throw vectorsError(file, file, fault);
  }
  return table;
}

const isHeader = (fields: readonly string[]): boolean =>
  fields.length === 2 && fields.every((field) => /^\d+$/.test(field));

/** The counts of a first line. @throws AttuneError `E_WORD_VECTORS` */
export function headerOf(fields: readonly string[], file: string, place: string) {
  const [words, dimensions] = fields.map(Number);
  if (isHeader(fields) && Number.isSafeInteger(words) && dimensions! > 0 && dimensions! <= 1e6) {
    return { words: words!, dimensions: dimensions! };
  }
  const found = JSON.stringify(fields.join(' ').slice(0, 60));
  throw vectorsError(file, place, `holds ${found}, the number of words and of dimensions is needed`);
}

const isNumber = (field: string): boolean => /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(field);

/** The last fields are the values; what is before them is the word, which may have spaces in it. */
function addLine(table: VectorTable, fields: readonly string[], file: string, place: string): void {
  const { dimensions } = table;
  const first = fields.length - dimensions;
  const more = fields.slice(1, first);
  const isWordWithSpaces = !more.every(isNumber) && !more.includes('');
  if (first < 1 || (first > 1 && !isWordWithSpaces)) {
    throw vectorsError(file, place, `has ${fields.length - 1} values, ${dimensions} are needed`);
  }
  const values = table.add(fields.slice(0, first).join(' '), place);
  for (let index = 0; index < dimensions; index++) {
    const field = fields[first + index]!;
    if (!isNumber(field)) {
      throw vectorsError(file, place, `has ${JSON.stringify(field)} as value ${index + 1}, which is no number`);
    }
    values[index] = Number(field);
  }
  table.checkFinite(values, place);
}
