/** Prompt tuning (Lester et al. 2021), as PEFT has it. */
import type { Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import * as z from 'zod/mini';
import { definePrompt, promptShape } from './adapters/define-prompt.js';
import { inFrontOfText } from './virtual-tokens.js';

const promptSchema = z.strictObject(promptShape);

export type PromptTuningOptions = z.input<typeof promptSchema>;
export type PromptTuningSettings = z.output<typeof promptSchema>;

export const promptTuningMethod = definePrompt<PromptTuningSettings>({
  name: 'prompt-tuning',
  peftType: 'PROMPT_TUNING',
  // Within the rates of Liu et al. 2022 for continuous prompts (5e-3 to 2e-2).
  recipe: { learningRate: () => 5e-3, epochFactor: 2 },
  parse: (options) => parseOptions(promptSchema, options, 'prompt-tuning'),
  file: {
    constants: { prompt_tuning_init: 'RANDOM' },
    harmless: ['prompt_tuning_init', 'prompt_tuning_init_text', 'tokenizer_name_or_path', 'tokenizer_kwargs'],
  },
  on: (model, { numVirtualTokens }) => inFrontOfText(model, numVirtualTokens),
});

/**
 * Trained embeddings in front of each text, and the head. Outputs for tokens are those of the text.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) for a model that it does not fit
 */
export const promptTuning = (options: PromptTuningOptions = {}): Strategy => promptTuningMethod.strategy(options);
