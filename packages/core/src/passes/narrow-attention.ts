import type { AttentionAttributes } from '@attune/ir';
import type { NarrowRule } from './narrow-rule.js';
import { isWholeAxis, wholeOf } from './window.js';

/** Some of the queries, which keep their numbers; keys and values are needed whole. */
export const attentionRule: NarrowRule<AttentionAttributes> = ({ definition, attributes, inputs, window }) => {
  const [q, , v] = inputs;
  const [batch, heads, queries] = q!.shape;
  const result = [batch!, heads!, queries!, v!.shape[3]!];
  if ([0, 1, 3].some((axis) => !isWholeAxis(window[axis]!, result[axis]!))) return undefined;
  const chosen = window[2]!;
  return {
    inputs: inputs.map((type, index) => {
      const isByQuery = index !== 1 && index !== 2 && type.shape[2] === queries;
      return wholeOf(type).map((range, axis) => (isByQuery && axis === 2 ? chosen : range));
    }),
    build: (builder, operands) =>
      builder
        .apply(definition, operands, { ...attributes, firstQuery: attributes.firstQuery + chosen.start })
        .slice(0, 1),
  };
};
