import type { CheckedGenerateOptions } from '../generation-options.js';
import { badWords } from './bad-words.js';
import { logitBias } from './logit-bias.js';
import { minNewTokens } from './min-new-tokens.js';
import { minP } from './min-p.js';
import { noRepeatNgrams } from './no-repeat-ngrams.js';
import type { LogitsProcessor, MakeProcessor } from './processor.js';
import { repetitionPenalty } from './repetition-penalty.js';
import { temperature } from './temperature.js';
import { topK } from './top-k.js';
import { topP } from './top-p.js';
import { typical } from './typical.js';
import { writtenPenalties } from './written-penalties.js';

/** In the order of transformers' `_get_logits_processor`; the penalties that it does not have stand where vLLM has them. */
const always: readonly MakeProcessor[] = [
  logitBias,
  repetitionPenalty,
  writtenPenalties,
  noRepeatNgrams,
  badWords,
  minNewTokens,
];

/** Only for draws. */
const sampling: readonly MakeProcessor[] = [temperature, topK, topP, minP, typical];

/** What is done with the scores before a token is chosen, in this order. */
export const processorsOf = (options: CheckedGenerateOptions): readonly LogitsProcessor[] =>
  [...always, ...(options.temperature > 0 ? sampling : [])].flatMap((make) => make(options) ?? []);
