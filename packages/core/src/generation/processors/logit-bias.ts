import type { MakeProcessor } from './processor.js';
import { requireTokens } from './require-tokens.js';

/** `logit_bias` of the OpenAI API: transformers' SequenceBiasLogitsProcessor for single tokens. */
export const logitBias: MakeProcessor = ({ logitBias: given }) => {
  const biases = Object.entries(given).map(([id, bias]) => [Number(id), bias] as const);
  if (biases.length === 0) return undefined;
  const ids = biases.map(([id]) => id);
  return (scores) => {
    requireTokens('logitBias', ids, scores.length);
    for (const [id, bias] of biases) scores[id]! += bias;
  };
};
