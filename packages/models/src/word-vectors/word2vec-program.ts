/**
 * One step of Word2Vec with negative sampling: from the rows that a batch names to what is added to them.
 * Words that follow one another share most of their contexts and, here, their noise words (Ji et al. 2016, arXiv 1604.04661;
 * Rengasamy et al. 2017), which makes products of matrices of what would be products of vectors.
 */
import {
  abs,
  add,
  concat,
  div,
  exp,
  hostTensor,
  log,
  logistic,
  matmul,
  maximum,
  minimum,
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
  /** Stretches of text that a batch predicts. */
  readonly stretches: number;
  /** Words of a stretch that are predicted, one after the other. */
  readonly positions: number;
  /** Words on each side that may be near. */
  readonly window: number;
  /** Noise words of a stretch. */
  readonly negative: number;
  readonly dimensions: number;
}

/** Words of a stretch, with those around it. */
export const wordsOfStretch = ({ positions, window }: Word2VecShape): number => positions + 2 * window;

/** What is told apart in a stretch: its words, then its noise words. */
export const targetsOfStretch = ({ positions, negative }: Word2VecShape): number => positions + negative;

/**
 * Inputs: `words` [stretches, words, dimensions] and `present` [stretches, words, positions], 1 if the word is near the
 * position; `targets` [stretches, targets, dimensions] and `counted` [stretches, positions, negative], 1 if the noise word is
 * not the word of the position; `rate` [].
 * Outputs: `wordUpdates`, `targetUpdates`, and `loss`, the sum over all predictions.
 */
export function word2VecProgram(shape: Word2VecShape): Program {
  const { method, stretches, positions, negative, dimensions } = shape;
  const builder = new ProgramBuilder(`word2vec ${method}`);
  const words = builder.input('words', tensorType([stretches, wordsOfStretch(shape), dimensions]));
  const present = builder.input('present', tensorType([stretches, wordsOfStretch(shape), positions]));
  const targets = builder.input('targets', tensorType([stretches, targetsOfStretch(shape), dimensions]));
  const counted = builder.input('counted', tensorType([stretches, positions, negative]));
  const rate = builder.input('rate', tensorType([]));
  const labels = builder.constant(
    hostTensor(
      [targetsOfStretch(shape)],
      Array.from({ length: targetsOfStretch(shape) }, (_, index) => (index < positions ? 1 : 0)),
    ),
  );

  const isCbow = method === 'cbow';
  const rows = isCbow ? meansOf(words, present) : words;
  // How often a row predicts each word of the stretch, and each noise word.
  const ofPositions = isCbow ? ownPositions(builder, present) : present;
  const uses = concat([ofPositions, matmul(ofPositions, counted)], 2);
  const logits = matmul(rows, targets, { transposeB: true });
  const errors = mul(mul(sub(labels, logistic(logits)), uses), rate);
  const updates = matmul(errors, targets);
  return builder.finish({
    // word2vec's code and gensim give each word of a mean the whole update, not its share.
    wordUpdates: isCbow ? matmul(present, updates) : updates,
    targetUpdates: matmul(errors, rows, { transposeA: true }),
    loss: reduceSum(mul(negativeLogLikelihood(logits, labels), uses), [0, 1, 2]),
  });
}

/** The mean of the words near each position; zeros for a position without words. */
function meansOf(words: Value, present: Value): Value {
  const [stretches = 0, , positions = 0] = present.type.shape;
  const counts = reshape(maximum(reduceSum(present, [1]), 1), [stretches, 1, positions]);
  return matmul(div(present, counts), words, { transposeA: true });
}

/** [stretches, positions, positions]: 1 for each position and itself, if there are words near it. */
function ownPositions(builder: ProgramBuilder, present: Value): Value {
  const [stretches = 0, , positions = 0] = present.type.shape;
  const identity = hostTensor(
    [positions, positions],
    Array.from({ length: positions ** 2 }, (_, index) => (index % (positions + 1) === 0 ? 1 : 0)),
  );
  const isNear = minimum(reduceSum(present, [1]), 1);
  return mul(builder.constant(identity), reshape(isNear, [stretches, positions, 1]));
}

/** -log(sigmoid(z)) for the label 1, -log(1 - sigmoid(z)) for 0. */
function negativeLogLikelihood(logits: Value, labels: Value): Value {
  const softplus = add(maximum(logits, 0), log(add(exp(neg(abs(logits))), 1)));
  return sub(softplus, mul(logits, labels));
}
