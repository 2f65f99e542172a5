import { type MakeProcessor, weightsOf } from './processor.js';

/** The tokens of that probability whose information is closest to the expected one (Meister et al. 2022). */
export const typical: MakeProcessor = ({ typicalP: mass }) => {
  if (mass === 1) return undefined;
  return (scores) => {
    const { weights, total } = weightsOf(scores);
    const tokens = Uint32Array.from(scores.keys()).filter((token) => weights[token]! > 0);
    const probability = (token: number) => weights[token]! / total;
    const entropy = tokens.reduce((sum, token) => sum - probability(token) * Math.log(probability(token)), 0);
    const distances = new Float64Array(scores.length).fill(Number.POSITIVE_INFINITY);
    for (const token of tokens) distances[token] = Math.abs(-Math.log(probability(token)) - entropy);
    tokens.sort((a, b) => distances[a]! - distances[b]!);
    let last = 0;
    let kept = probability(tokens[0]!);
    while (kept < mass && last < tokens.length - 1) kept += probability(tokens[++last]!);
    const farthest = distances[tokens[last]!]!;
    for (let token = 0; token < scores.length; token++) if (distances[token]! > farthest) scores[token] = -Infinity;
  };
};
