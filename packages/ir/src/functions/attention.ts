import type { Value } from '../builder.js';
import { attentionDefinition, weightedValues } from '../composites/attention.js';
import { attentionOperands, attentionScores } from '../composites/attention-parts.js';
import type { DropoutAttributes } from '../composites/dropout.js';
import { reshape } from '../primitives/reshape.js';

export interface AttentionOptions {
  /** Factor on the scores. */
  readonly scale: number;
  /** Added to the scores; broadcasts to [batch, heads, queries, keys]. */
  readonly bias?: Value;
  /** bool, true where a query may attend; broadcasts to [batch, heads, queries, keys]. */
  readonly mask?: Value;
  /** Query i sees keys j <= i + (keys - queries). */
  readonly causal?: boolean;
  /** Query i sees keys j > i + (keys - queries) - window; with `causal` the last `window` keys up to its own. */
  readonly window?: number;
  /** Scores become cap tanh(scores / cap) before a bias and masks, as in Gemma 2; all scores are then kept for the gradient. */
  readonly softCap?: number;
  /** Dropout of the attention probabilities, by a key u32[2]. */
  readonly dropout?: DropoutAttributes & { readonly key: Value };
}

/**
 * softmax(q k^T scale + bias) v on q [batch, heads, queries, width] and k, v [batch, keyHeads, keys, width]; each of the
 * fewer key heads serves heads / keyHeads query heads in a row (grouped-query attention). A query that `mask`, `causal`
 * and `window` leave no key gives 0 and has no gradient, as in PyTorch; a `bias` does not hide keys in that sense.
 */
export function scaledDotProductAttention(q: Value, k: Value, v: Value, options: AttentionOptions): Value {
  const { scale, bias, mask, causal = false, window = null, softCap, dropout } = options;
  const optional = [bias, mask].flatMap((operand) => (operand ? [withFourAxes(operand)] : []));
  const attributes = {
    scale,
    causal,
    window,
    dropout: dropout ? { rate: dropout.rate, site: dropout.site } : null,
    firstQuery: 0,
    allQueries: q.type.shape[2]!,
  };
  const inputs = [q, k, v, ...optional, ...(dropout ? [dropout.key] : [])];
  if (softCap === undefined) return q.builder.apply(attentionDefinition, inputs, attributes)[0]!;
  const operands = attentionOperands(inputs, inputs.slice(3), ({ type }) => type);
  return weightedValues(operands, attentionScores(operands, attributes, softCap), attributes);
}

/** x with axes of size 1 before its own, four in all. */
function withFourAxes(x: Value): Value {
  const missing = Math.max(0, 4 - x.type.shape.length);
  return reshape(x, [...new Array<number>(missing).fill(1), ...x.type.shape]);
}
