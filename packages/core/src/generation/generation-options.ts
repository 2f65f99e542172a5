/** The options of generation under the names of transformers' GenerationConfig, in camelCase. */
import * as z from 'zod/mini';
import { count, nonnegative, positive, share, size } from '../fields.js';
import { type OptionProblem, parseOptions } from '../parse-options.js';

/** All that there is to know about an option of generation. */
export interface GenerationOption<Schema extends z.core.$ZodType = z.core.$ZodType> {
  /** Its default too. */
  readonly schema: Schema;
  readonly description: string;
}

const tokenIds = z.array(count);
const penalty = z._default(z.number().check(z.minimum(-2), z.maximum(2)), 0);

/** What the next tokens are chosen by. Options of code, flags, help and documentation derive from this table. */
export const generationOptions = {
  maxNewTokens: { schema: z._default(size, 128), description: 'tokens to write at most' },
  maxCacheLength: {
    schema: z.optional(size),
    description: 'tokens that the cache holds; as many as needed by default',
  },
  minNewTokens: { schema: z._default(count, 0), description: 'tokens to write before the text may end' },
  temperature: {
    schema: z._default(nonnegative, 0),
    description: 'divides scores before a draw; 0 takes the best token',
  },
  topK: { schema: z.optional(size), description: 'draws from so many of the most probable tokens' },
  topP: { schema: z._default(share, 1), description: 'draws from the most probable tokens of this probability' },
  minP: {
    schema: z._default(share, 0),
    description: 'draws from tokens at least this share as probable as the best one',
  },
  typicalP: {
    schema: z._default(share.check(z.positive()), 1),
    description: 'draws from the tokens of this probability that are closest to the expected information',
  },
  seed: { schema: z._default(count, 0), description: 'seed of the draws' },
  repetitionPenalty: {
    schema: z._default(positive, 1),
    description: 'divides the scores of tokens that stand in the text, prompt included',
  },
  presencePenalty: {
    schema: penalty,
    description: 'subtracted from the scores of tokens that were written',
  },
  frequencyPenalty: {
    schema: penalty,
    description: 'subtracted from the score of a token for each time that it was written',
  },
  noRepeatNgramSize: {
    schema: z._default(count, 0),
    description: 'no sequence of so many tokens stands in the text twice; 0 allows all',
  },
  logitBias: {
    schema: z._default(z.record(z.string().check(z.regex(/^\d+$/)), z.number()), {}),
    description: 'added to the scores of tokens, by their ids',
  },
  promptLookupNumTokens: {
    schema: z._default(count, 0),
    description: 'tokens that are guessed from the text itself and made sure of in one pass; 0 guesses none',
  },
  numBeams: {
    schema: z._default(size, 1),
    description: 'texts that a beam search goes on with; 1 is none',
  },
  lengthPenalty: {
    schema: z._default(z.number(), 1),
    description: 'a beam search divides scores by the length to this power',
  },
  earlyStopping: {
    schema: z._default(z.union([z.boolean(), z.enum(['never'])]), false),
    description:
      'whether a beam search ends at as many finished texts as it has beams; never: only if no better one can come',
  },
  numReturnSequences: {
    schema: z._default(size, 1),
    description: 'texts for each prompt',
  },
  badWordsIds: {
    schema: z._default(z.array(tokenIds.check(z.minLength(1))), []),
    description: 'sequences of tokens that are not written',
  },
  eosTokenId: {
    schema: z._default(z.union([tokenIds, count]), []),
    description: 'ids of the tokens that end a text; they are not part of it',
  },
  outputLogits: {
    schema: z._default(z.boolean(), false),
    description: "whether each step has the model's scores that its tokens were chosen by",
  },
} as const satisfies Readonly<Record<string, GenerationOption>>;

type Table = typeof generationOptions;
type Shape = { readonly [Name in keyof Table]: Table[Name]['schema'] };

function shapeOf(table: Table): Shape;
function shapeOf(table: Readonly<Record<string, GenerationOption>>): Readonly<Record<string, z.core.$ZodType>> {
  return Object.fromEntries(Object.entries(table).map(([name, { schema }]) => [name, schema]));
}

const schema = z.strictObject(shapeOf(generationOptions));

export type GenerateOptions = z.input<typeof schema>;
export type CheckedGenerateOptions = z.output<typeof schema>;

/** @throws AttuneError `E_CONFIG` */
export const checkedOptions = (options: GenerateOptions): CheckedGenerateOptions =>
  parseOptions(schema, options, 'generation', problemOf);

function problemOf(options: CheckedGenerateOptions): OptionProblem | undefined {
  const { minNewTokens, maxNewTokens, numBeams, numReturnSequences, temperature, outputLogits } = options;
  if (minNewTokens > maxNewTokens)
    return { field: 'minNewTokens', problem: `is more than maxNewTokens, ${maxNewTokens}` };
  if (numBeams > 1 && temperature > 0) return { field: 'numBeams', problem: 'needs a temperature of 0' };
  if (numBeams > 1 && outputLogits) return { field: 'outputLogits', problem: 'needs numBeams to be 1' };
  if (numReturnSequences > numBeams && temperature === 0)
    return { field: 'numReturnSequences', problem: 'needs a temperature above 0, or as many beams' };
  return undefined;
}

/** The ids of the tokens that end a text. */
export const endTokensOf = ({ eosTokenId }: Pick<CheckedGenerateOptions, 'eosTokenId'>): readonly number[] =>
  [eosTokenId].flat();
