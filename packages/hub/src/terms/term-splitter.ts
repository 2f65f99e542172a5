/** A tokenizer whose tokens are the terms of a text, each once; its type id says how often it occurs. */
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { inEnglish } from '../english.js';
import type { TextTokens } from '../tokenization/encoding.js';
import { type TermAnalysis, termAnalyzers, termsOf } from './analysis.js';

/** Splits a text; terms that the vocabulary does not have count for nothing. */
export type TermSplitter = (text: string, idOf: (token: string) => number | undefined) => TextTokens;

const length = z.int().check(z.minimum(1), z.maximum(100));
const schema = z.looseObject({
  analyzers: z
    .array(z.looseObject({ analyzer: z.enum(termAnalyzers), ngram_range: z.tuple([length, length]) }))
    .check(z.minLength(1), z.maxLength(termAnalyzers.length)),
});

/** What the vocabulary calls a term: words and characters may be alike. */
export const termToken = ({ analyzer }: Pick<TermAnalysis, 'analyzer'>, term: string): string => `${analyzer} ${term}`;

/** @param config tokenizer_config.json @throws AttuneError `E_TOKENIZER` that names the field */
export function termSplitter(config: Readonly<Record<string, unknown>>, file: string): TermSplitter {
  const { data, error } = schema.safeParse(config, inEnglish);
  if (!data) {
    const [issue] = error.issues;
    const field = issue?.path.join('.') ?? 'analyzers';
    throw new AttuneError('E_TOKENIZER', `${file}: ${field}: ${issue?.message}.`, { file, field });
  }
  const analyses = data.analyzers.map(({ analyzer, ngram_range: [shortest, longest] }): TermAnalysis => {
    return { analyzer, ngramRange: [shortest, longest] };
  });
  return (text, idOf) => {
    const counts = new Map<number, number>();
    const tokens: string[] = [];
    for (const analysis of analyses) {
      for (const term of termsOf(text, analysis)) {
        const token = termToken(analysis, term);
        const id = idOf(token);
        if (id === undefined) continue;
        const before = counts.get(id);
        if (before === undefined) tokens.push(token);
        counts.set(id, (before ?? 0) + 1);
      }
    }
    const zeros = tokens.map(() => 0);
    const words = tokens.map((_, index) => index);
    return { text, ids: [...counts.keys()], typeIds: [...counts.values()], tokens, starts: zeros, ends: zeros, words };
  };
}
