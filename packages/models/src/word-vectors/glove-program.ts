/** One step of GloVe with AdaGrad, as its C code has it: from the rows that a batch names to what is added to them. */
import {
  add,
  broadcastTo,
  clamp,
  concat,
  div,
  mul,
  neg,
  type Program,
  ProgramBuilder,
  reduceSum,
  reshape,
  slice,
  sqrt,
  sub,
  tensorType,
  type Value,
} from '@attune/ir';

/** A row is a vector with its bias behind it. */
export interface GloveShape {
  readonly pairs: number;
  readonly dimensions: number;
}

const MAX_GRADIENT = 100;

/**
 * Inputs: `words` and `contexts` [pairs, dimensions + 1], `wordSquares` and `contextSquares` of the same shape (sums of
 * squared steps), `logs` [pairs] (of the co-occurrences), `weights` [pairs], `rate` [].
 * Outputs: what is added to the four, each named with `Updates` behind it, and `loss`, the sum over the pairs.
 */
export function gloveProgram({ pairs, dimensions }: GloveShape): Program {
  const builder = new ProgramBuilder('glove');
  const rows = tensorType([pairs, dimensions + 1]);
  const words = builder.input('words', rows);
  const contexts = builder.input('contexts', rows);
  const wordSquares = builder.input('wordSquares', rows);
  const contextSquares = builder.input('contextSquares', rows);
  const logs = builder.input('logs', tensorType([pairs]));
  const weights = builder.input('weights', tensorType([pairs]));
  const rate = builder.input('rate', tensorType([]));

  const vectorOf = (row: Value) => slice(row, [0, 0], [pairs, dimensions]);
  const biasOf = (row: Value) => reshape(slice(row, [0, dimensions], [pairs, dimensions + 1]), [pairs]);
  const product = reduceSum(mul(vectorOf(words), vectorOf(contexts)), [1]);
  const difference = sub(add(product, add(biasOf(words), biasOf(contexts))), logs);
  const weighted = reshape(mul(weights, difference), [pairs, 1]);
  const ones = broadcastTo(builder.scalar(1), [pairs, 1]);
  const stepOf = (other: Value) => {
    const gradient = mul(weighted, concat([vectorOf(other), ones], 1));
    return mul(clamp(gradient, -MAX_GRADIENT, MAX_GRADIENT), rate);
  };
  const wordStep = stepOf(contexts);
  const contextStep = stepOf(words);
  return builder.finish({
    wordUpdates: neg(div(wordStep, sqrt(wordSquares))),
    contextUpdates: neg(div(contextStep, sqrt(contextSquares))),
    wordSquareUpdates: mul(wordStep, wordStep),
    contextSquareUpdates: mul(contextStep, contextStep),
    loss: mul(reduceSum(mul(mul(weights, difference), difference), [0]), 0.5),
  });
}
