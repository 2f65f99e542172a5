/** A one-layer transformer classifier in plain functions, small enough for the reference interpreter. */
import {
  add,
  cast,
  crossEntropyRows,
  dropout,
  embedding,
  equal,
  gelu,
  type HostTensor,
  hostTensor,
  layerNorm,
  mean,
  type Program,
  ProgramBuilder,
  project,
  reshape,
  scaledDotProductAttention,
  sliceAxis,
  type TensorType,
  tensorType,
  transpose,
  type Value,
} from '@attune/ir';
import { uniform } from '@attune/ir/internal';

const [BATCH, TOKENS, WIDTH, HEADS, VOCABULARY, CLASSES] = [3, 5, 8, 2, 11, 4];

export const transformerParameters: Readonly<Record<string, TensorType>> = {
  embeddings: tensorType([VOCABULARY, WIDTH]),
  query: tensorType([WIDTH, WIDTH]),
  key: tensorType([WIDTH, WIDTH]),
  value: tensorType([WIDTH, WIDTH]),
  norm: tensorType([WIDTH]),
  normBias: tensorType([WIDTH]),
  up: tensorType([2 * WIDTH, WIDTH]),
  upBias: tensorType([2 * WIDTH]),
  down: tensorType([WIDTH, 2 * WIDTH]),
  classifier: tensorType([CLASSES, WIDTH]),
};

export const transformerBatch: Readonly<Record<string, TensorType>> = {
  ids: tensorType([BATCH, TOKENS], 'i32'),
  mask: tensorType([BATCH, TOKENS], 'i32'),
  labels: tensorType([BATCH], 'i32'),
  key2: tensorType([2], 'u32'),
};

/** Inputs: parameters, then the batch; output `loss`, with dropout in the feed-forward part. */
export function transformerLoss(): Program {
  const builder = new ProgramBuilder('transformer');
  const inputs = Object.fromEntries(
    Object.entries({ ...transformerParameters, ...transformerBatch }).map(([name, type]) => [
      name,
      builder.input(name, type),
    ]),
  );
  const at = (name: string): Value => inputs[name]!;
  const x = embedding(at('embeddings'), at('ids'));
  const heads = (y: Value) => transpose(reshape(y, [BATCH, TOKENS, HEADS, WIDTH / HEADS]), [0, 2, 1, 3]);
  const attended = scaledDotProductAttention(
    heads(project(x, at('query'))),
    heads(project(x, at('key'))),
    heads(project(x, at('value'))),
    { scale: 0.5, mask: equal(reshape(at('mask'), [BATCH, 1, 1, TOKENS]), 1) },
  );
  const merged = reshape(transpose(attended, [0, 2, 1, 3]), [BATCH, TOKENS, WIDTH]);
  const hidden = layerNorm(add(x, merged), { weight: at('norm'), bias: at('normBias') });
  const widened = gelu(add(project(hidden, at('up')), at('upBias')));
  const dropped = dropout(widened, at('key2'), { rate: 0.25, site: 7 });
  const output = add(hidden, project(dropped, at('down')));
  const logits = project(reshape(sliceAxis(output, 1, 0, 1), [BATCH, WIDTH]), at('classifier'));
  return builder.finish({ loss: mean(cast(crossEntropyRows(logits, at('labels')), 'f32')) });
}

/** Parameters and a batch, in the order of the loss's inputs. */
export function transformerInputs(): HostTensor[] {
  const parameters = Object.values(transformerParameters).map(({ shape }, index) =>
    uniform(shape, [-0.6, 0.6], 3 + index),
  );
  const batch: Readonly<Record<string, HostTensor>> = {
    ids: uniform(transformerBatch.ids!.shape, [0, 11], 91, 'i32'),
    mask: hostTensor([3, 5], [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 0], 'i32'),
    labels: hostTensor([3], [2, 0, 3], 'i32'),
    key2: hostTensor([2], [5, 6], 'u32'),
  };
  return [...parameters, ...Object.keys(transformerBatch).map((name) => batch[name]!)];
}
