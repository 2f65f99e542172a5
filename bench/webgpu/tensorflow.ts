/**
 * TensorFlow.js's side, which has no compiler: so what it computes is kept in few kernels by hand. Gradients of norms,
 * GELU, embeddings and the loss are written out, and AdamW sees two tensors: the word embeddings, and all else in one.
 */
import '@tensorflow/tfjs-backend-webgpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import type { HostTensor } from '@attune/ir';
import * as tf from '@tensorflow/tfjs-core';
import { adamwScalars } from './adamw-scalars.js';
import { peerWeights } from './peer-weights.js';
import { CLASSES, IGNORED, NORM_EPSILON, optimizer, type Side, type Task, type TokenBatch } from './task.js';
import { constant, crossEntropy, gelu, geluTanh, layerNorm, rowsOf } from './tensorflow-functions.js';

type Parameters = Readonly<Record<string, tf.Tensor>>;

interface Inputs {
  readonly ids: tf.Tensor1D;
  readonly bias: tf.Tensor4D;
  /** [rows, classes]. */
  readonly targets: tf.Tensor2D;
  /** [rows, 1], 1 where there is a target. */
  readonly counts: tf.Tensor2D;
}

/** A tensor that is updated as a whole, with AdamW's moments. */
type Group = { readonly parameter: tf.Tensor; readonly moment: tf.Tensor; readonly variance: tf.Tensor };

export async function tensorflowSide(task: Task): Promise<Side> {
  await tf.setBackend('webgpu');
  await tf.ready();
  const { words, ...others } = Object.fromEntries(await peerWeights(task));
  const layout = layoutOf(others);
  const joined = Float32Array.from(Object.values(others).flatMap(({ data }) => Array.from(data)));
  let groups = [groupOf(tf.tensor(Float32Array.from(words!.data), [...words!.type.shape])), groupOf(tf.tensor(joined))];
  let steps = 0;
  return {
    facts: async () => ({}),
    async step(batch) {
      steps++;
      const start = performance.now();
      const before = groups;
      const { loss, updated } = tf.tidy(() => train(task, layout, before, batch, steps));
      groups = updated;
      for (const group of before) tf.dispose({ ...group });
      const hostMilliseconds = performance.now() - start;
      const [value] = await loss.data();
      loss.dispose();
      return { loss: value!, hostMilliseconds };
    },
  };
}

const groupOf = (parameter: tf.Tensor): Group => ({
  parameter,
  moment: tf.zerosLike(parameter),
  variance: tf.zerosLike(parameter),
});

interface Place {
  readonly name: string;
  readonly shape: number[];
  readonly start: number;
  readonly size: number;
}

function layoutOf(weights: Readonly<Record<string, HostTensor>>): readonly Place[] {
  let start = 0;
  return Object.entries(weights).map(([name, { type, data }]) => {
    const place = { name, shape: [...type.shape], start, size: data.length };
    start += data.length;
    return place;
  });
}

function train(task: Task, layout: readonly Place[], groups: readonly Group[], batch: TokenBatch, step: number) {
  const [words, others] = groups.map(({ parameter }) => parameter);
  const parts = layout.map(({ shape, start, size }) => tf.reshape(tf.slice(others!, start, size), shape));
  const inputs = inputsOf(task, batch);
  const named = ([words, ...rest]: readonly tf.Tensor[]): Parameters => ({
    words: words!,
    ...Object.fromEntries(layout.map(({ name }, index) => [name, rest[index]!])),
  });
  const loss = task.kind === 'bert' ? bertLoss : gptLoss;
  const { value, grads } = tf.valueAndGrads((...given: tf.Tensor[]) => loss(task, named(given), inputs))([
    words!,
    ...parts,
  ]);
  const [ofWords, ...ofParts] = grads;
  const gradients = [ofWords!, tf.concat(ofParts.map((gradient) => tf.reshape(gradient, [-1])))];
  return { loss: value, updated: groups.map((group, index) => adamw(group, gradients[index]!, step)) };
}

function adamw({ parameter, moment, variance }: Group, gradient: tf.Tensor, step: number): Group {
  const { rate, epsilon, decay } = adamwScalars(step);
  const nextMoment = tf.add(tf.mul(moment, constant(optimizer.beta1)), gradient);
  const nextVariance = tf.add(tf.mul(variance, constant(optimizer.beta2)), tf.square(gradient));
  const update = tf.mul(tf.div(nextMoment, tf.add(tf.sqrt(nextVariance), epsilon)), rate);
  return { parameter: tf.sub(tf.mul(parameter, constant(decay)), update), moment: nextMoment, variance: nextVariance };
}

function inputsOf({ kind, batch, tokens, vocabulary }: Task, { ids, mask, labels }: TokenBatch): Inputs {
  const hidden =
    kind === 'bert'
      ? tf.tensor4d(
          Float32Array.from(mask, (each) => (each === 0 ? -1e30 : 0)),
          [batch, 1, 1, tokens],
        )
      : tf.tensor4d(causalBias(tokens), [1, 1, tokens, tokens]);
  const counts = Float32Array.from(labels, (label) => Number(label !== IGNORED));
  return {
    ids: tf.tensor1d(ids, 'int32'),
    bias: hidden,
    targets: tf.oneHot(tf.tensor1d(labels, 'int32'), kind === 'bert' ? CLASSES : vocabulary) as tf.Tensor2D,
    counts: tf.tensor2d(counts, [labels.length, 1]),
  };
}

const causalBias = (tokens: number) =>
  Float32Array.from({ length: tokens * tokens }, (_, at) => (at % tokens > Math.floor(at / tokens) ? -1e30 : 0));

function bertLoss(task: Task, p: Parameters, { ids, bias, targets, counts }: Inputs): tf.Scalar {
  const { batch, tokens, width } = task;
  const words = tf.reshape(rowsOf(p.words!, ids), [batch, tokens, width]);
  const ends = tf.add(p.positions!, tf.slice(p.types!, [0, 0], [1, width]));
  let hidden = norm(p, 'norm', tf.reshape(tf.add(words, ends), [batch * tokens, width]), NORM_EPSILON.bert);
  for (let index = 0; index < task.layers; index++) {
    const attended = linear(p, `${index}.out`, attention(p, index, task, hidden, bias));
    const settled = norm(p, `${index}.norm1`, tf.add(attended, hidden), NORM_EPSILON.bert);
    const widened = gelu(linear(p, `${index}.inner`, settled));
    hidden = norm(p, `${index}.norm2`, tf.add(linear(p, `${index}.outer`, widened), settled), NORM_EPSILON.bert);
  }
  const first = tf.reshape(tf.slice(tf.reshape(hidden, [batch, tokens, width]), [0, 0, 0], [batch, 1, width]), [
    batch,
    width,
  ]);
  const logits = linear(p, 'classifier', tf.tanh(linear(p, 'pooler', first)));
  return crossEntropy(logits, targets, counts, batch);
}

function gptLoss(task: Task, p: Parameters, { ids, bias, targets, counts }: Inputs): tf.Scalar {
  const { batch, tokens, width } = task;
  const words = tf.reshape(rowsOf(p.words!, ids), [batch, tokens, width]);
  let hidden: tf.Tensor = tf.reshape(tf.add(words, p.positions!), [batch * tokens, width]);
  for (let index = 0; index < task.layers; index++) {
    const normalized = norm(p, `${index}.norm1`, hidden, NORM_EPSILON.gpt);
    const settled = tf.add(hidden, linear(p, `${index}.out`, attention(p, index, task, normalized, bias)));
    const widened = geluTanh(linear(p, `${index}.inner`, norm(p, `${index}.norm2`, settled, NORM_EPSILON.gpt)));
    hidden = tf.add(settled, linear(p, `${index}.outer`, widened));
  }
  const logits = tf.matMul(norm(p, 'norm', hidden, NORM_EPSILON.gpt), p.words!, false, true);
  return crossEntropy(logits, targets, counts, batch * (tokens - 1));
}

const linear = (p: Parameters, name: string, x: tf.Tensor): tf.Tensor2D =>
  tf.fused.matMul({ a: x, b: p[`${name}.weight`]!, bias: p[`${name}.bias`]! }) as tf.Tensor2D;

const norm = (p: Parameters, name: string, x: tf.Tensor, epsilon: number): tf.Tensor =>
  layerNorm(x, p[`${name}.weight`]!, p[`${name}.bias`]!, epsilon);

function attention(
  p: Parameters,
  block: number,
  { batch, tokens, heads, width }: Task,
  x: tf.Tensor,
  bias: tf.Tensor,
): tf.Tensor {
  const joined = tf.reshape(linear(p, `${block}.qkv`, x), [batch, tokens, 3, heads, width / heads]);
  const [query, key, value] = tf.unstack(tf.transpose(joined, [2, 0, 3, 1, 4]));
  const scale = constant(Math.sqrt(heads / width));
  const scores = tf.add(tf.matMul(tf.mul(query!, scale), key!, false, true), bias);
  const attended = tf.matMul(tf.softmax(scores), value!);
  return tf.reshape(tf.transpose(attended, [0, 2, 1, 3]), [batch * tokens, width]);
}
