import type { MakeProcessor } from './processor.js';

/** Divides all scores. */
export const temperature: MakeProcessor = ({ temperature: divisor }) => {
  if (divisor === 1) return undefined;
  return (scores) => {
    for (let token = 0; token < scores.length; token++) scores[token]! /= divisor;
  };
};
