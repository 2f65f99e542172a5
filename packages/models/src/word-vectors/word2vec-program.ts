/**
 * One step of Word2Vec with negative sampling: from the rows that a batch names to what is added to them.
 * All contexts of a position share its noise words (Ji et al. 2016, arXiv 1604.04661), which makes products of matrices of
 * what would be products of vectors.
 */
import {
  abs,
  add,
  broadcastTo,
  div,
  einsum,
  exp,
  hostTensor,
  log,
  logistic,
  matmul,
  maximum,
  mul,
  neg,
  type Program,
  ProgramBuilder,
  reduceSum,
  reshape,
  sub,
  tensorType,
  type Value,
} from '@attune/ir';

export const word2VecMethods = ['skip-gram', 'cbow'] as const;
export type Word2VecMethod = (typeof word2VecMethods)[number];

export interface Word2VecShape {
  readonly method: Word2VecMethod;
  /** Words of the text that a batch predicts. */
  readonly positions: number;
  /** The most words around one. */
  readonly contexts: number;
  /** The word itself, then its noise words. */
  readonly targets: number;
  readonly dimensions: number;
}

/**
 * Inputs: `contexts` [positions, contexts, dimensions] and `present` [positions, contexts], 1 for words that are there;
 * `targets` [positions, targets, dimensions] and `counted` [positions, targets], 1 for targets that count; `rate` [].
 * Outputs: `contextUpdates`, `targetUpdates`, and `loss`, the sum over all predictions.
 */
export function word2VecProgram({ method, positions, contexts, targets, dimensions }: Word2VecShape): Program {
  const builder = new ProgramBuilder(`word2vec ${method}`);
  const words = builder.input('contexts', tensorType([positions, contexts, dimensions]));
  const present = builder.input('present', tensorType([positions, contexts]));
  const outputs = builder.input('targets', tensorType([positions, targets, dimensions]));
  const counted = builder.input('counted', tensorType([positions, targets]));
  const rate = builder.input('rate', tensorType([]));
  const labels = builder.constant(hostTensor([targets], [1, ...new Array<number>(targets - 1).fill(0)]));

  const isCbow = method === 'cbow';
  const hidden = isCbow ? meanOf(words, present) : words;
  const uses = isCbow ? reshape(counted, [positions, 1, targets]) : einsum('bc,bt->bct', present, counted);
  const logits = matmul(hidden, outputs, { transposeB: true });
  const errors = mul(mul(sub(labels, logistic(logits)), uses), rate);
  const updates = matmul(errors, outputs);
  return builder.finish({
    // word2vec's code and gensim give each word of a mean the whole update, not its share.
    contextUpdates: isCbow ? broadcastTo(updates, [positions, contexts, dimensions]) : updates,
    targetUpdates: matmul(errors, hidden, { transposeA: true }),
    loss: reduceSum(mul(negativeLogLikelihood(logits, labels), uses), [0, 1, 2]),
  });
}

/** [positions, 1, dimensions]; zeros for a position without words. */
function meanOf(words: Value, present: Value): Value {
  const [positions = 0, , dimensions = 0] = words.type.shape;
  const count = reshape(maximum(reduceSum(present, [1]), 1), [positions, 1]);
  return reshape(div(einsum('bcd,bc->bd', words, present), count), [positions, 1, dimensions]);
}

/** -log(sigmoid(z)) for the label 1, -log(1 - sigmoid(z)) for 0. */
function negativeLogLikelihood(logits: Value, labels: Value): Value {
  const softplus = add(maximum(logits, 0), log(add(exp(neg(abs(logits))), 1)));
  return sub(softplus, mul(logits, labels));
}
