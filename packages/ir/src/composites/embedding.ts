import type { Value } from '../builder.js';
import { defineComposite } from '../definition.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { equal } from '../primitives/compare.js';
import { gather } from '../primitives/gather.js';
import { reshape } from '../primitives/reshape.js';
import { scatterAdd } from '../primitives/scatter-add.js';
import { select } from '../primitives/select.js';
import { samplesOf } from '../samples.js';
import { expectDType, expectInputs, shapeError } from '../shape.js';
import { hostTensor } from '../tensor.js';

export type EmbeddingAttributes = {
  /** The row that gets no gradient, null for none (torch.nn.Embedding's padding_idx). */
  readonly paddingIndex: number | null;
};

/** Rows of a table [rows, width] by i32 ids of any shape: [...ids, width]. */
export const embeddingDefinition = defineComposite<'embedding', EmbeddingAttributes>({
  name: 'embedding',
  infer(inputs) {
    expectInputs('embedding', inputs, 2);
    const [table, ids] = [inputs[0]!, inputs[1]!];
    expectDType('embedding', ids, ['i32'], inputs);
    if (table.shape.length !== 2) throw shapeError('embedding', 'the table must be [rows, width]', inputs);
    return [{ shape: [...ids.shape, table.shape[1]!], dtype: table.dtype }];
  },
  decompose: ([table, ids]) => [gather(table!, ids!)],
  vjp({ inputs: [table, ids], attributes: { paddingIndex }, cotangents: [cotangent] }) {
    if (!cotangent) return [undefined, undefined];
    const zero = broadcastTo(cotangent.builder.scalar(0), table!.type.shape);
    const isPadding = paddingIndex === null ? undefined : equal(reshape(ids!, [...ids!.type.shape, 1]), paddingIndex);
    return [scatterAdd(zero, ids!, isPadding ? select(isPadding, 0, cotangent) : cotangent), undefined];
  },
});

export const embeddingSamples = () =>
  samplesOf<EmbeddingAttributes>(
    { inputs: [[5, 3], hostTensor([2, 2], [4, 0, 0, 2], 'i32')], attributes: { paddingIndex: null } },
    { inputs: [[5, 3], hostTensor([3], [4, 1, 1], 'i32')], attributes: { paddingIndex: 2 } },
  );

/** As the definition; a negative `paddingIndex` counts from the end of the table, as in PyTorch. */
export function embedding(table: Value, ids: Value, paddingIndex: number | null = null): Value {
  const fromStart = paddingIndex !== null && paddingIndex < 0 ? paddingIndex + table.type.shape[0]! : paddingIndex;
  return table.builder.apply(embeddingDefinition, [table, ids], { paddingIndex: fromStart })[0]!;
}
