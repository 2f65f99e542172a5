/** A model that learns a new task and answers an earlier one as it did before, on the new task's texts. */
import {
  add,
  and,
  cast,
  div,
  equal,
  iota,
  minimum,
  mul,
  notEqual,
  reduceMax,
  reduceSum,
  remainder,
  reshape,
  select,
  sum,
  type Value,
} from '@attune/ir';
import * as z from 'zod/mini';
import { nonnegative, positive } from '../fields.js';
import { inputNamesOf } from '../model.js';
import { tokensAt } from '../nn/pooling.js';
import type { FrozenModel, HostBatch, Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { teacherDivergence } from './divergence.js';
import { fieldOf, namedValue } from './labels.js';
import { withSecondLoss } from './second-loss.js';

const schema = z.strictObject({
  /** Weight of the earlier task; 1 by default, the paper's. */
  alpha: z._default(nonnegative, 1),
  /** Both answers' logits are divided by it; 2 by default, the paper's. */
  temperature: z._default(positive, 2),
});

export type LearningWithoutForgettingOptions = z.input<typeof schema>;

/** The names of its options. */
export const learningWithoutForgettingOptionNames: readonly string[] = Object.keys(schema.shape);

/** @throws AttuneError `E_CONFIG` */
export const parseLearningWithoutForgettingOptions = (options: unknown) => parseOptions(schema, options, 'lwf');

/** The earlier task of the model that training starts from. */
export interface EarlierAnswers {
  /** With the weights that training starts from; it `keeps` its head. */
  readonly model: FrozenModel;
  /** Tells the model apart from others, for runs that are resumed. */
  readonly fingerprint: string;
  readonly padTokenId: number;
  /**
   * What it answers: a text, each token, or with the mask's id the tokens that are hidden: then its model reads
   * `predictionPositions`.
   */
  readonly of: 'texts' | 'tokens' | { readonly maskTokenId: number; readonly specialTokenIds: readonly number[] };
}

/**
 * Learning without forgetting (Li and Hoiem 2016, arXiv 1606.09282): the loss of the new task plus alpha times the mean of
 * KL(before / T || now / T), where `before` are the answers of the model that training starts from, and `now` those of its
 * head over the weights that train. The gradient is that of the paper's cross entropy between the two. Both read the new
 * task's texts, so no data of the earlier task are needed. A masked language model answers for a seventh of the tokens, which are hidden
 * first, as in its training. Evaluations measure the new task alone.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function learningWithoutForgetting(
  objective: Objective,
  earlier: EarlierAnswers,
  options: LearningWithoutForgettingOptions = {},
): Objective {
  const parsed = parseLearningWithoutForgettingOptions(options);
  const { alpha, temperature } = parsed;
  const names = inputNamesOf(earlier.model.model).filter((name) => name !== POSITIONS);
  return withSecondLoss(objective, {
    name: 'lwf',
    options: { ...parsed, earlier: earlier.fingerprint },
    weights: [1, alpha],
    models: { [BEFORE]: earlier.model },
    labelNames: [...new Set([...names, 'inputIds', 'attentionMask'])],
    // Short texts may have no token that is asked for: then the loss is 0.
    count: (batch) => countAnswers(batch, earlier) || Number.EPSILON,
    loss({ forward, batch }) {
      const { inputs, weights } = askedOf(batch, names, earlier);
      const [before, now] = [false, true].map((isTuned) =>
        div(namedValue(forward({ model: BEFORE, isTuned, inputs }), 'logits'), temperature),
      );
      const classes = now!.type.shape.at(-1)!;
      const divergence = teacherDivergence(reshape(now!, [-1, classes]), reshape(before!, [-1, classes]), 0);
      return sum(mul(divergence, reshape(weights, [-1])));
    },
  });
}

const BEFORE = 'before';
const POSITIONS = 'predictionPositions';

/** Of so many tokens one is hidden, about the share of BERT's training. */
const HIDDEN_EVERY = 7;

interface Asked {
  readonly inputs: Readonly<Record<string, Value>>;
  /** 1 for an answer that counts, 0 for padding. */
  readonly weights: Value;
}

function askedOf(
  batch: Readonly<Record<string, Value>>,
  names: readonly string[],
  { of, padTokenId }: EarlierAnswers,
): Asked {
  const inputs = Object.fromEntries(names.map((name) => [name, namedValue(batch, name)]));
  const ids = namedValue(batch, 'inputIds');
  const isToken = and(equal(namedValue(batch, 'attentionMask'), 1), notEqual(ids, padTokenId));
  if (of === 'tokens') return { inputs, weights: cast(isToken, 'f32') };
  if (of === 'texts') return { inputs, weights: reduceMax(cast(isToken, 'f32'), [1]) };
  const [rows, tokens] = ids.type.shape as readonly [number, number];
  const isWord = of.specialTokenIds.reduce((before, id) => and(before, notEqual(ids, id)), isToken);
  // Which tokens it is depends on the text alone.
  const total = reduceSum(cast(remainder(ids, HIDDEN_EVERY), 'f32'), [1]);
  const first = cast(reshape(remainder(total, HIDDEN_EVERY), [rows, 1]), 'i32');
  const isHidden = and(isWord, equal(remainder(iota(ids.builder, [rows, tokens], 1), HIDDEN_EVERY), first));
  const count = hiddenPlaces(tokens);
  const places = add(mul(iota(ids.builder, [rows, count], 1), HIDDEN_EVERY), first);
  const positions = minimum(places, tokens - 1);
  const found = tokensAt(reshape(cast(isHidden, 'f32'), [rows, tokens, 1]), positions);
  return {
    inputs: { ...inputs, inputIds: select(isHidden, of.maskTokenId, ids), [POSITIONS]: positions },
    weights: mul(reshape(found, [rows, count]), cast(equal(places, positions), 'f32')),
  };
}

const hiddenPlaces = (tokens: number): number => Math.ceil(tokens / HIDDEN_EVERY);

/** As many as have weight 1 in `askedOf`. */
function countAnswers(batch: HostBatch, { of, padTokenId }: EarlierAnswers): number {
  const { type, data } = fieldOf(batch, 'inputIds');
  const mask = fieldOf(batch, 'attentionMask').data;
  const tokens = type.shape[1]!;
  let count = 0;
  for (let start = 0; start < data.length; start += tokens) {
    const ids = Array.from(data.subarray(start, start + tokens));
    const isToken = (id: number, place: number) => mask[start + place] === 1 && id !== padTokenId;
    if (of === 'texts') count += Number(ids.some(isToken));
    else if (of === 'tokens') count += ids.filter(isToken).length;
    else {
      const first = ids.reduce((total, id) => total + (id % HIDDEN_EVERY), 0) % HIDDEN_EVERY;
      const isHidden = (id: number, place: number) =>
        place % HIDDEN_EVERY === first && isToken(id, place) && !of.specialTokenIds.includes(id);
      count += ids.filter(isHidden).length;
    }
  }
  return count;
}
