/** Sample inputs of attention, and of its gradients by the same settings. */
import type { Sample } from '../definition.js';
import { samplesOf, uniform } from '../samples.js';
import { type HostTensor, hostTensor } from '../tensor.js';
import { type AttentionAttributes, MASKED_SCORE } from './attention-parts.js';

interface Setting {
  readonly name: string;
  /** [batch, heads, queries, width]. */
  readonly q: readonly [number, number, number, number];
  /** [keyHeads, keys, valueWidth]. */
  readonly keys: readonly [number, number, number];
  readonly attributes?: Partial<AttentionAttributes>;
  /** Bias (shapes are floating numbers in [-2, 2]), mask and key. */
  readonly optional?: readonly (readonly number[] | HostTensor)[];
  readonly smooth?: boolean;
}

const dropout = { rate: 0.4, site: 3 };
const key = hostTensor([2], [1, 2], 'u32');

const settings: readonly Setting[] = [
  { name: 'plain', q: [2, 2, 3, 2], keys: [2, 4, 3] },
  {
    name: 'causal with a window, grouped heads',
    q: [1, 4, 3, 2],
    keys: [2, 4, 1],
    attributes: { causal: true, window: 2 },
  },
  { name: 'causal queries before the first key', q: [1, 1, 4, 2], keys: [1, 2, 2], attributes: { causal: true } },
  {
    name: 'a bias for each head, and dropout',
    q: [2, 2, 2, 2],
    keys: [1, 3, 2],
    attributes: { dropout },
    optional: [[1, 2, 1, 3], key],
  },
  {
    name: 'a mask that hides all keys of a text',
    q: [2, 1, 2, 2],
    keys: [1, 2, 2],
    optional: [[2, 1, 2, 2], hostTensor([2, 1, 1, 2], [1, 0, 0, 0], 'bool')],
  },
  {
    name: 'a bias that puts all scores of a text far below 0',
    q: [2, 1, 2, 2],
    keys: [1, 2, 2],
    optional: [hostTensor([2, 1, 1, 2], [0, MASKED_SCORE, MASKED_SCORE, MASKED_SCORE])],
    smooth: false,
  },
  {
    name: 'some of all queries, with dropout',
    q: [1, 2, 2, 2],
    keys: [2, 4, 2],
    attributes: { causal: true, firstQuery: 1, allQueries: 4, dropout },
    optional: [key],
  },
];

const attributesOf = ({ q, attributes }: Setting): AttentionAttributes => ({
  scale: 0.7,
  causal: false,
  window: null,
  dropout: null,
  firstQuery: 0,
  allQueries: q[2],
  ...attributes,
});

function samplesWith(
  chosen: readonly Setting[],
  more: (setting: Setting) => readonly (readonly number[] | HostTensor)[],
): Sample<AttentionAttributes>[] {
  return samplesOf(
    ...chosen.map((setting) => {
      const { name, q, keys, optional = [], smooth = true } = setting;
      const [batch, , , width] = q;
      const [keyHeads, count, valueWidth] = keys;
      const own = [q, [batch, keyHeads, count, width], [batch, keyHeads, count, valueWidth]];
      const inputs = [...own, ...more(setting), ...optional];
      return { name, attributes: attributesOf(setting), inputs, smooth };
    }),
  );
}

/** Of `attention`. */
export const attentionSamples = () => samplesWith(settings, () => []);

/** The cotangent, statistics of no particular scores, and the part that keys share. */
const arriving = ({ q: [batch, heads, queries], keys: [, , valueWidth] }: Setting) => [
  [batch, heads, queries, valueWidth],
  uniform([batch, heads, queries, 2], [1, 2], 7),
  [batch, heads, queries, 1],
];

/** Of `attention_gradient`. */
export const attentionGradientSamples = () => samplesWith(settings, arriving);

/** Of `attention_bias_gradient`. */
export const attentionBiasGradientSamples = () =>
  samplesWith(
    settings.filter(({ optional }) =>
      optional?.some((operand) => !('type' in operand) || operand.type.dtype === 'f32'),
    ),
    arriving,
  );
