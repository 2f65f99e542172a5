/** Reads CoNLL files: one token a line with its columns, a blank line between sentences. */
import type { ExampleSource } from '@attune/core';
import { byteSource, type DataFile } from './byte-source.js';
import { distinctLabels, finishRows, namedLabel, RowDataset } from './row-dataset.js';
import { type OnBadRow, RowProblems } from './rows.js';
import { readLines, type TextLimits } from './text.js';

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
  /** Names of the tags in the order of their numbers: an integer in place of a tag stands for its name. */
  readonly labels?: readonly string[];
}

/** Sentences of one file, read when they are first asked for. */
export class TaggedDataset extends RowDataset<TaggedExample> {
  readonly kind = 'tagged sentences';

  /**
   * The names that were given, or the distinct tags in alphabetical order, as run_ner numbers them.
   * @throws AttuneError `E_DATA_LABELS` where there are fewer than two
   */
  async labels(): Promise<readonly string[]> {
    if (this.labelNames) return this.labelNames;
    const sentences = await this.toArray();
    return distinctLabels(
      this.name,
      sentences.flatMap(({ tags }) => tags),
    );
  }
}

/** Whether examples are tagged sentences. */
export const isTagged = (examples: ExampleSource): examples is TaggedDataset => examples.kind === 'tagged sentences';

/**
 * Sentences of a CoNLL file. Columns are separated by tabs, or by spaces in lines without a tab; `-DOCSTART-` lines
 * separate sentences.
 * @throws AttuneError (when read) `E_DATA_ROWS` listing `file:line` of lines without their columns or with another
 * number of columns than the first; `E_DATA_EMPTY` where no sentence is left
 */
export function conll(file: DataFile, options: ConllOptions = {}): TaggedDataset {
  const source = byteSource(file);
  const load = async () => {
    const problems = new RowProblems(source.name, options.onBadRow ?? 'error');
    const sentences = new Sentences(options, problems);
    for await (const { line, lines } of readLines(source, options)) {
      for (const [index, content] of lines.entries()) sentences.add(content, line + index);
    }
    const examples = sentences.end();
    return finishRows(source.name, examples, problems, 'sentence');
  };
  return new TaggedDataset(source.name, load, options.labels);
}

/** Collects the lines of a file into sentences. */
class Sentences {
  readonly #examples: TaggedExample[] = [];
  readonly #problems: RowProblems;
  readonly #tokenColumn: number;
  readonly #labels: readonly string[] | undefined;
  #tagColumn: number | undefined;
  #width: number | undefined;
  #sentence = emptySentence();

  constructor({ tokenColumn = 1, tagColumn, labels }: ConllOptions, problems: RowProblems) {
    this.#tokenColumn = tokenColumn;
    this.#tagColumn = tagColumn;
    this.#labels = labels;
    this.#problems = problems;
  }

  add(content: string, line: number): void {
    const trimmed = content.trim();
    if (trimmed === '' || trimmed.startsWith('-DOCSTART-')) {
      this.#close();
      return;
    }
    const fields = (content.includes('\t') ? content.split('\t') : trimmed.split(/\s+/)).map((field) => field.trim());
    this.#width ??= fields.length;
    this.#tagColumn ??= this.#width;
    const problem = problemOf(fields, this.#width, this.#tokenColumn, this.#tagColumn);
    if (problem) {
      this.#problems.add({ line, ...problem });
      this.#sentence.isBad = true;
      return;
    }
    if (this.#sentence.tokens.length === 0) this.#sentence.row = line;
    this.#sentence.tokens.push(fields[this.#tokenColumn - 1]!);
    this.#sentence.tags.push(namedLabel(fields[this.#tagColumn - 1]!, this.#labels));
  }

  /** All sentences, when there are no more lines. */
  end(): readonly TaggedExample[] {
    this.#close();
    return this.#examples;
  }

  #close(): void {
    const { tokens, tags, row, isBad } = this.#sentence;
    if (tokens.length > 0 && !isBad) this.#examples.push({ tokens, tags, row });
    this.#sentence = emptySentence();
  }
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
