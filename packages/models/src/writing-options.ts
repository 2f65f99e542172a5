/** Options of writing texts that speak of text: they become options of tokens by the tokenizer. */
import type { GenerateOptions } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import type { Tokenizer } from '@attune/hub';
import * as z from 'zod/mini';

const text = z.string().check(z.minLength(1));
const texts = z._default(z.union([text, z.array(text)]), []);

export const writingOptions = {
  stopStrings: { schema: texts, description: 'texts that end the writing; they are not part of it' },
  badWords: { schema: texts, description: 'words that are not written, with a space in front or without' },
} as const;

const schema = z.strictObject({
  stopStrings: writingOptions.stopStrings.schema,
  badWords: writingOptions.badWords.schema,
});

export type WritingOptions = z.input<typeof schema> & Omit<GenerateOptions, 'outputLogits'>;

/** The stop strings, and the options of tokens. @throws AttuneError `E_CONFIG` */
export async function tokenOptionsOf(
  { stopStrings, badWords, ...options }: WritingOptions,
  tokenizer: Tokenizer,
): Promise<{ readonly stops: readonly string[]; readonly options: GenerateOptions }> {
  const checked = parseOptions(
    schema,
    { ...(stopStrings ? { stopStrings } : {}), ...(badWords ? { badWords } : {}) },
    'writing',
  );
  const spellings = [checked.badWords].flat().flatMap((word) => [word, ` ${word}`]);
  const encodings = await tokenizer.encode(spellings, { addSpecialTokens: false });
  const badWordsIds = [...(options.badWordsIds ?? []), ...encodings.map(({ ids }) => [...ids])];
  return {
    stops: [checked.stopStrings].flat(),
    options: { ...options, badWordsIds: badWordsIds.filter((ids) => ids.length > 0) },
  };
}
