import type { MakeProcessor } from './processor.js';

/** `presence_penalty` and `frequency_penalty` of the OpenAI API, which count what was written, not the prompt. */
export const writtenPenalties: MakeProcessor = ({ presencePenalty, frequencyPenalty }) => {
  if (presencePenalty === 0 && frequencyPenalty === 0) return undefined;
  return (scores, { written }) => {
    for (const token of new Set(written)) scores[token]! -= presencePenalty;
    for (const token of written) scores[token]! -= frequencyPenalty;
  };
};
