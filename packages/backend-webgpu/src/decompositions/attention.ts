/** Attention in parts of the queries: the scores of one part at a time are in memory, which the parts share. */
import {
  type AttentionAttributes,
  add,
  attentionDefinition,
  attentionGradientDefinition,
  type CompositeDefinition,
  concat,
  sliceAxis,
  type Value,
} from '@attune/ir';
import { type Part, partsOf } from '@attune/ir/internal';

/** The axis of the queries. */
const QUERIES = 2;

/** The two outputs of attention. */
export function attentionInParts(inputs: readonly Value[], attributes: AttentionAttributes, bytes: number) {
  const parts = queryParts(inputs, bytes).map((part) =>
    decomposePart(attentionDefinition, inputs, attributes, part, [0, ...optionalFrom(inputs, 3)]),
  );
  return joined(parts);
}

/** The cotangents of q, k and v. */
export function attentionGradientInParts(inputs: readonly Value[], attributes: AttentionAttributes, bytes: number) {
  const byPart = queryParts(inputs, bytes).map((part) =>
    decomposePart(attentionGradientDefinition, inputs, attributes, part, [0, 3, 4, 5, ...optionalFrom(inputs, 6)]),
  );
  const [byQuery] = joined(byPart.map(([first]) => [first!]));
  return [byQuery!, ...[1, 2].map((output) => byPart.map((part) => part[output]!).reduce((a, b) => add(a, b)))];
}

function queryParts([q, k]: readonly Value[], bytes: number): readonly Part[] {
  const [batch, heads, queries] = q!.type.shape;
  return partsOf(queries!, batch! * heads! * k!.type.shape[QUERIES]! * 4, bytes);
}

const optionalFrom = (inputs: readonly Value[], first: number): readonly number[] =>
  inputs.flatMap((_, position) => (position < first ? [] : [position]));

/** @param byQuery positions of the inputs that have an axis of queries, unless its size is 1 */
function decomposePart(
  definition: Pick<CompositeDefinition<string, AttentionAttributes>, 'decompose'>,
  inputs: readonly Value[],
  attributes: AttentionAttributes,
  { start, end }: Part,
  byQuery: readonly number[],
): readonly Value[] {
  const queries = inputs[0]!.type.shape[QUERIES];
  const cut = inputs.map((input, position) =>
    byQuery.includes(position) && input.type.shape.length === 4 && input.type.shape[QUERIES] === queries
      ? sliceAxis(input, QUERIES, start, end)
      : input,
  );
  const own = { ...attributes, firstQuery: attributes.firstQuery + start };
  return definition.decompose(cut, own);
}

/** The outputs of all parts, one behind the other. */
function joined(parts: readonly (readonly Value[])[]): readonly Value[] {
  const [first, ...others] = parts;
  return first!.map((value, output) => concat([value, ...others.map((part) => part[output]!)], QUERIES));
}
