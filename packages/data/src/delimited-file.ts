/** How a file of delimited text is written, and its records as they are read. */
import { AttuneError } from '@attune/ir';
import type { ByteSource } from './byte-source.js';
import type { DelimitedFormat, DelimitedRecord, TakenRecords } from './delimited-records.js';
import { MemoryBudget } from './memory-budget.js';
import type { OnBadRow } from './rows.js';
import { MAX_LINE_BYTES, readBlocks, type TextLimits } from './text.js';

const named: Readonly<Record<string, string>> = {
  tab: '\t',
  '\\t': '\t',
  '\\\\t': '\t',
  comma: ',',
  semicolon: ';',
  pipe: '|',
  space: ' ',
};

/** What headers are looked at for, in this order. */
const usual = ['\t', ';', ',', '|'];

/**
 * A delimiter as it is given: itself, or by a name: `tab`, `\t` (as two characters), `comma`, `semicolon`, `pipe`, `space`.
 * @throws AttuneError `E_CONFIG` for one that is empty, or holds a quote or a line end
 */
export function delimiterOf(given: string, quote: string | undefined): string {
  const delimiter = named[given.toLowerCase()] ?? given;
  if (delimiter !== '' && !/[\r\n]/.test(delimiter) && (quote === undefined || !delimiter.includes(quote)))
    return delimiter;
  throw new AttuneError('E_CONFIG', `delimiter is ${JSON.stringify(given)}, which cannot stand between values.`, {
    field: 'delimiter',
    hint: 'Give the character, or tab, comma, semicolon, pipe or space.',
  });
}

/**
 * A quote as it is given. @returns undefined for `none` and false
 * @throws AttuneError `E_CONFIG` for what is not one character
 */
function quoteOf(given: string | boolean): string | undefined {
  if (given === false || given === 'none') return undefined;
  if (given === true) return '"';
  if (given.length === 1 && !/[\r\n]/.test(given)) return given;
  throw new AttuneError('E_CONFIG', `quote is ${JSON.stringify(given)}, which cannot stand around values.`, {
    field: 'quote',
    hint: 'Give one character, or none.',
  });
}

/** What separates the names of a header: what its file usually has, or, where the header does not hold it, what it holds. */
function delimiterIn(header: string, usually: string, quote: string | undefined): string {
  const bare =
    quote === undefined
      ? header
      : header
          .split(quote)
          .filter((_, index) => index % 2 === 0)
          .join('');
  return bare.includes(usually) ? usually : (usual.find((each) => bare.includes(each)) ?? usually);
}

export interface DelimitedOptions extends TextLimits {
  /**
   * A character, or its name (see `delimiterOf`). Default: a tab for `.tsv` and `.tab` files, a comma otherwise; if the
   * header does not hold it, the first of tab, semicolon, comma and pipe that the header holds.
   */
  readonly delimiter?: string;
  /** Whether the first row names the columns (default). Without it columns are named `1`, `2`, … */
  readonly header?: boolean;
  /** Stands around values that hold delimiters or line ends; `"` by default, `none` (or false) for no quoting. */
  readonly quote?: string | boolean;
}

/**
 * The records of a file, in batches.
 * @param onBadRow whether a quote that is never closed ends the reading; if not, it makes a bad record of its line
 * @throws AttuneError as `readBlocks`, `E_DATA` naming the line of a quote that is never closed, `E_CONFIG`
 */
export async function* delimitedRecords(
  source: ByteSource,
  options: DelimitedOptions,
  onBadRow: OnBadRow,
): AsyncGenerator<readonly DelimitedRecord[]> {
  const quote = quoteOf(options.quote ?? true);
  // With csv-parse, a third of what a page would download otherwise.
  const { takeRecords, unclosedRecord } = await import('./delimited-records.js');
  const longestRow = options.maxLineBytes ?? MAX_LINE_BYTES;
  const budget = new MemoryBudget(source.name, options.maxMemoryBytes);
  let format: DelimitedFormat | undefined;
  let [rest, line, wanted, givenUp] = ['', 1, 0, 0];
  const take = (isEnd: boolean): readonly DelimitedRecord[] => {
    format ??= { quote, delimiter: delimiterFor(rest, source.name, quote, options) };
    const records: DelimitedRecord[] = [];
    const use = (taken: TakenRecords) => {
      for (const record of taken.records) records.push(record);
      [rest, line] = [rest.slice(taken.used), taken.line];
    };
    use(takeRecords(rest, line, format));
    while (rest !== '' && (isEnd || rest.length > longestRow)) {
      if (onBadRow === 'error' || ++givenUp > MOST_UNCLOSED) throw unclosed(source.name, line);
      use(unclosedRecord(rest, line));
      use(takeRecords(rest, line, format));
    }
    // What a quoted value needs is looked at again only when there is twice as much of it.
    wanted = 2 * rest.length;
    budget.spendRows(records.length);
    return records;
  };
  for await (const { text } of readBlocks(source, options)) {
    budget.spendText(text);
    rest += text;
    if (rest.length >= wanted) yield take(false);
  }
  if (rest !== '') yield take(true);
}

/** Each costs another look at up to `maxLineBytes`. */
const MOST_UNCLOSED = 10;

function delimiterFor(
  text: string,
  name: string,
  quote: string | undefined,
  { delimiter, header = true }: DelimitedOptions,
): string {
  if (delimiter !== undefined) return delimiterOf(delimiter, quote);
  const usually = /\.(tsv|tab)$/i.test(name) ? '\t' : ',';
  return header ? delimiterIn(/[^\r\n]+/.exec(text)?.[0] ?? '', usually, quote) : usually;
}

const unclosed = (file: string, line: number): AttuneError =>
  new AttuneError('E_DATA', `${file}:${line} opens a quote that is never closed.`, {
    file,
    hint: "Double the quotes inside quoted values, read quotes as characters with quote: 'none', or skip such rows with onBadRow: 'skip'.",
  });
