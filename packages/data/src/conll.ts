/** Reads CoNLL files: one token a line with its columns, a blank line between sentences. */
import type { EncodingModel, ExampleSource } from '@attune/core';
import { byteSource, type DataFile } from './byte-source.js';
import type { EncodedDataset } from './encode-examples.js';
import { checkTaggedFor, encodeTaggedFor } from './encode-for-model.js';
import { distinctLabels, finishRows, RowDataset } from './row-dataset.js';
import { type OnBadRow, RowProblems } from './rows.js';
import { readText, type TextLimits } from './text.js';

/** The tokens of one sentence, and a tag for each; as many tags as tokens. */
export interface TaggedExample {
  readonly tokens: readonly string[];
  readonly tags: readonly string[];
  /** Line of the first token, from 1. */
  readonly row: number;
}

export interface ConllOptions extends TextLimits {
  /** Column of the tokens, from 1; 1 by default. */
  readonly tokenColumn?: number;
  /** Column of the tags, from 1; the last by default. */
  readonly tagColumn?: number;
  /** Default `error`; `skip` leaves out every sentence with a bad line. */
  readonly onBadRow?: OnBadRow;
}

/** Sentences of one file, read when they are first asked for. */
export class TaggedDataset extends RowDataset<TaggedExample> implements ExampleSource {
  /** As the Trainer asks for them; errors as for `encodeTaggedFor`. */
  encodedFor(model: EncodingModel, signal?: AbortSignal): Promise<EncodedDataset> {
    return encodeTaggedFor(this, model, { signal });
  }

  checkFor(model: EncodingModel): Promise<void> {
    return checkTaggedFor(this, model);
  }

  /**
   * The distinct tags in alphabetical order, as run_ner numbers them.
   * @throws AttuneError `E_DATA_LABELS` where there are fewer than two
   */
  async labels(): Promise<readonly string[]> {
    const sentences = await this.toArray();
    return distinctLabels(
      this.name,
      sentences.flatMap(({ tags }) => tags),
    );
  }
}

/**
 * Sentences of a CoNLL file. Columns are separated by tabs, or by spaces in lines without a tab; `-DOCSTART-` lines
 * separate sentences.
 * @throws AttuneError (when read) `E_DATA_ROWS` listing `file:line` of lines without their columns or with another
 * number of columns than the first; `E_DATA_EMPTY` where no sentence is left
 */
export function conll(file: DataFile, options: ConllOptions = {}): TaggedDataset {
  const source = byteSource(file);
  return new TaggedDataset(source.name, async () => {
    const problems = new RowProblems(source.name, options.onBadRow ?? 'error');
    const examples = sentencesOf(await readText(source, options), options, problems);
    return finishRows(source.name, examples, problems, 'sentence');
  });
}

function sentencesOf(content: string, { tokenColumn = 1, tagColumn }: ConllOptions, problems: RowProblems) {
  const examples: TaggedExample[] = [];
  let sentence = emptySentence();
  let width: number | undefined;
  const close = () => {
    const { tokens, tags, row, isBad } = sentence;
    if (tokens.length > 0 && !isBad) examples.push({ tokens, tags, row });
    sentence = emptySentence();
  };
  for (const [index, line] of content.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('-DOCSTART-')) {
      close();
      continue;
    }
    const fields = (line.includes('\t') ? line.split('\t') : trimmed.split(/\s+/)).map((field) => field.trim());
    width ??= fields.length;
    const problem = problemOf(fields, width, tokenColumn, tagColumn ?? width);
    if (problem) {
      problems.add({ line: index + 1, ...problem });
      sentence.isBad = true;
      continue;
    }
    if (sentence.tokens.length === 0) sentence.row = index + 1;
    sentence.tokens.push(fields[tokenColumn - 1]!);
    sentence.tags.push(fields[(tagColumn ?? width) - 1]!);
  }
  close();
  return examples;
}

const emptySentence = () => ({ tokens: [] as string[], tags: [] as string[], row: 0, isBad: false });

function problemOf(fields: readonly string[], width: number, tokenColumn: number, tagColumn: number) {
  if (fields.length < 2) return { problem: 'has one column; a token and a tag are needed' };
  if (fields.length !== width) return { problem: `has ${fields.length} columns, the first line has ${width}` };
  for (const [what, column] of [
    ['token', tokenColumn],
    ['tag', tagColumn],
  ] as const) {
    if (!fields[column - 1]) return { column, problem: `has an empty ${what}` };
  }
  return undefined;
}
