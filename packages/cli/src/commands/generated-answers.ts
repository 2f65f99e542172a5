/** `attune evaluate --generate`: what a model writes, beside what it should have written. */
import { bleuTokenizers, type PredictionContext } from '@attune/core';
import { generateTokens } from '@attune/core/internal';
import { instructions } from '@attune/data';
import { loadTokenizer } from '@attune/hub';
import type { SavedModel } from '@attune/inference';
import { AttuneError } from '@attune/ir';
import { evaluateByGenerating, type GeneratedAnswer, type GenerationEvaluation } from '@attune/models';
import { type TaskSettings, tableOptions } from '@attune/tasks';
import { z } from 'zod';
import { requiredChatTemplate } from '../chat-template.js';
import { flag, number, text } from '../common-options.js';
import type { Settings } from '../options.js';
import { printable } from '../output.js';
import { writingOf, writingOptionTable } from '../writing-option-table.js';
import { requireWriter } from './sampled-completions.js';

const { numReturnSequences: _, ...writing } = writingOptionTable;

export const generatedAnswerOptions = {
  generate: flag(
    z.boolean().default(false),
    'writes the answers too and compares them: exact match, ROUGE, BLEU and chrF',
  ),
  generationBatchSize: number(z.number().int().positive().default(8), 'prompts that are gone on from at once'),
  bleuTokenize: text(z.enum(bleuTokenizers).default('13a'), 'how BLEU finds words; zh for Chinese'),
  ...writing,
} as const;

type GeneratedAnswerSettings = Settings<typeof generatedAnswerOptions> & TaskSettings & { readonly data: string };

/** @throws AttuneError `E_CONFIG` for options that need `generate`, and for a model that writes no texts */
export function requireGenerating(settings: Settings<typeof generatedAnswerOptions>, task: string): void {
  if (settings.generate) requireWriter('generate', task);
  const { generate: _, ...others } = generatedAnswerOptions;
  const entries: readonly (readonly [string, { readonly schema: z.core.$ZodType }])[] = Object.entries(others);
  const values: Readonly<Record<string, unknown>> = settings;
  const given = entries.find(([name, { schema }]) => {
    return JSON.stringify(values[name]) !== JSON.stringify(z.safeParse(schema, undefined).data);
  });
  if (settings.generate || !given) return;
  throw new AttuneError('E_CONFIG', `${given[0]} is about writing answers, which is not asked for.`, {
    field: given[0],
    hint: 'Add --generate, or leave it out.',
  });
}

/** @throws AttuneError as `evaluateByGenerating` */
export async function generateAnswers(
  settings: GeneratedAnswerSettings & { readonly chatTemplate?: string | undefined },
  { loaded, base, directory }: SavedModel,
  context: PredictionContext,
): Promise<GenerationEvaluation> {
  const { data, chatTemplate, bleuTokenize, generationBatchSize } = settings;
  const { numReturnSequences, ...options } = writingOf(settings);
  return evaluateByGenerating(
    { generate: (prompts, given) => generateTokens(prompts, context, given) },
    { model: loaded.model, source: base, tokenizer: await loadTokenizer(base) },
    instructions(data, { ...tableOptions(settings), text: settings.textColumn }),
    {
      ...options,
      batchSize: generationBatchSize,
      tokenize: bleuTokenize,
      chatTemplate: () => requiredChatTemplate({ directory, files: base }, chatTemplate),
      signal: context.signal,
    },
  );
}

const SHOWN = 3;

/** The first answers, for people. */
export const shownAnswers = (answers: readonly GeneratedAnswer[]): string =>
  answers
    .slice(0, SHOWN)
    .map(({ row, reference, generated }) =>
      [`row ${row}:`, `  wanted    ${inline(reference)}`, `  generated ${inline(generated)}`].join('\n'),
    )
    .join('\n');

const inline = (text: string): string => printable(text.trim().replace(/\s*\n\s*/g, ' ⏎ '));
