/** Plain text: every line that is not blank is a text. */
import { byteSource, type DataFile } from './byte-source.js';
import { finishRows } from './row-dataset.js';
import { RowProblems } from './rows.js';
import type { TableOptions } from './table.js';
import { readLines, type TextLimits } from './text.js';
import type { TextColumns, TextExample } from './text-example.js';
import { TextDataset, textFile } from './text-examples.js';

/** @throws AttuneError (when read) `E_DATA_EMPTY` for a file without text, and as `readText` */
export function textLines(file: DataFile, options: TextLimits = {}): TextDataset {
  const source = byteSource(file);
  return new TextDataset(source.name, async () => {
    const texts: TextExample[] = [];
    for await (const { line, lines } of readLines(source, options)) {
      for (const [index, content] of lines.entries()) {
        const text = content.trim();
        if (text !== '') texts.push({ text, row: line + index });
      }
    }
    return finishRows(source.name, texts, new RowProblems(source.name, 'error'), 'line');
  });
}

/** Texts without labels by the file's ending: a column of `.csv`, `.tsv`, `.tab`, `.jsonl` or `.ndjson`, else lines. */
export function plainTexts(
  file: DataFile,
  columns: Pick<TextColumns, 'text'>,
  options: TableOptions = {},
): TextDataset {
  const isTable = /\.(csv|tsv|tab|jsonl|ndjson)$/i.test(byteSource(file).name);
  return isTable ? textFile(file, { text: columns.text }, options) : textLines(file, options);
}
