/** Questions with their contexts and answers, as SQuAD has them. */
import type { ExampleSource } from '@attune/core';
import { z } from 'zod';
import { byteSource, type DataFile } from './byte-source.js';
import { type JsonLinesOptions, loadExamples } from './json-lines.js';
import { RowDataset } from './row-dataset.js';

/** Where an answer lies in its context, in UTF-16 units. */
export interface AnswerPlace {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export interface QuestionExample {
  readonly question: string;
  readonly context: string;
  /** None where the context does not answer; the first is trained on. */
  readonly answers: readonly AnswerPlace[];
  /** Line of the file. */
  readonly row: number;
}

export interface QuestionColumns {
  /** `question` by default. */
  readonly question?: string;
  /** `context` by default. */
  readonly context?: string;
  /** `answers` by default; false for questions that are only to be answered. */
  readonly answers?: string | false;
}

/** Questions of one file, read when they are first asked for. */
export class QuestionDataset extends RowDataset<QuestionExample> {
  readonly kind = 'questions';
}

/** Whether examples are questions. */
export const isQuestions = (examples: ExampleSource): examples is QuestionDataset => examples.kind === 'questions';

const answersSchema = z.union(
  [
    z.object({ text: z.array(z.string().min(1)), answer_start: z.array(z.int().min(0)) }),
    z.array(z.object({ text: z.string().min(1), answer_start: z.int().min(0) })),
  ],
  'needs the arrays "text" and "answer_start"',
);

/**
 * Questions of a JSON Lines file with SQuAD's fields: `question`, `context`, and `answers` as `{ text: [...],
 * answer_start: [...] }` or as `[{ text, answer_start }]`, empty where the context does not answer. `answer_start` counts
 * code points, as Python does, or UTF-16 units.
 * @throws AttuneError (when read) as `loadExamples`; answers that are not at their places are bad rows
 */
export function questionsJsonl(
  file: DataFile,
  { question = 'question', context = 'context', answers = 'answers' }: QuestionColumns = {},
  options: JsonLinesOptions = {},
): QuestionDataset {
  const filled = z.string().refine((text) => text.trim() !== '', 'is empty');
  const fields = z.looseObject({
    [question]: filled,
    [context]: filled,
    ...(answers === false ? {} : { [answers]: answersSchema }),
  });
  const schema = fields.transform((row, { issues }) => {
    const passage = filled.parse(row[context]);
    const found = answers === false ? [] : placesOf(answersSchema.parse(row[answers]), passage);
    if (typeof found === 'string') issues.push({ code: 'custom', message: found, path: [answers || ''], input: row });
    return { question: filled.parse(row[question]), context: passage, answers: typeof found === 'string' ? [] : found };
  });
  const columns = { question, context, answers: answers === false ? undefined : answers };
  return new QuestionDataset(byteSource(file).name, () => loadExamples(file, columns, schema, options));
}

/** The answers' places, or what is wrong with them. */
function placesOf(answers: z.output<typeof answersSchema>, context: string): readonly AnswerPlace[] | string {
  const listed = Array.isArray(answers) ? answers : pairsOf(answers);
  if (typeof listed === 'string') return listed;
  const places = listed.map(({ text, answer_start: start }) => placeOf(text, start, context));
  return places.find((place) => typeof place === 'string') ?? places.filter((place) => typeof place !== 'string');
}

function pairsOf({ text, answer_start: starts }: { readonly text: string[]; readonly answer_start: number[] }) {
  if (text.length !== starts.length) return `there are ${starts.length} "answer_start" for ${text.length} "text"`;
  return text.map((each, index) => ({ text: each, answer_start: starts[index]! }));
}

function placeOf(text: string, given: number, context: string): AnswerPlace | string {
  const [start] = [unitOf(context, given), given].filter((unit) => context.startsWith(text, unit));
  if (start !== undefined) return { text, start, end: start + text.length };
  const elsewhere = context.indexOf(text);
  const found = elsewhere < 0 ? 'the context does not hold it' : `it is at ${[...context.slice(0, elsewhere)].length}`;
  return `"${text.slice(0, 40)}" is not at ${given}: ${found}`;
}

/** The UTF-16 unit at which a code point begins. */
function unitOf(text: string, point: number): number {
  let unit = 0;
  for (let left = point; left > 0 && unit < text.length; left--) unit += text.codePointAt(unit)! > 0xffff ? 2 : 1;
  return unit;
}
