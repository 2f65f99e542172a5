/** Functions of TensorFlow.js with gradients in as few kernels as it takes by hand. */
import * as tf from '@tensorflow/tfjs-core';

const scalars = new Map<number, tf.Scalar>();

/** A number on the device, uploaded once. */
export function constant(value: number): tf.Scalar {
  const known = scalars.get(value);
  if (known) return known;
  const scalar = tf.keep(tf.scalar(value));
  scalars.set(value, scalar);
  return scalar;
}

interface Forward {
  readonly value: tf.Tensor;
  /** What the gradient needs. */
  readonly saved: tf.Tensor[];
}

/** The value of `forward` at the inputs, whose gradients are what `backward` says. */
function differentiable(
  inputs: readonly tf.Tensor[],
  forward: (...inputs: tf.Tensor[]) => Forward,
  backward: (arriving: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor[],
): tf.Tensor {
  const apply = tf.customGrad((...given) => {
    const { value, saved } = forward(...given.filter((each) => each instanceof tf.Tensor));
    given.find((each) => typeof each === 'function')?.(saved);
    return { value, gradFunc: backward };
  });
  return apply(...inputs);
}

/** Rows of a table [rows, width] by ids [count]. */
export const rowsOf = (table: tf.Tensor, ids: tf.Tensor1D): tf.Tensor =>
  differentiable(
    [table],
    (table) => ({ value: tf.gather(table, ids), saved: [] }),
    (arriving) => [tf.scatterND(tf.reshape(ids, [-1, 1]), arriving, [table.shape[0]!, table.shape[1]!])],
  );

/** Over the last axis of x [rows, width]. */
export const layerNorm = (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor, epsilon: number): tf.Tensor =>
  differentiable(
    [x, weight, bias],
    (x, weight, bias) => {
      const centered = tf.sub(x, tf.mean(x, 1, true));
      const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centered), 1, true), constant(epsilon)));
      const normalized = tf.mul(centered, scale);
      return { value: tf.add(tf.mul(normalized, weight), bias), saved: [normalized, scale, weight] };
    },
    (arriving, [normalized, scale, weight]) => {
      const own = tf.mul(arriving, weight!);
      const shared = tf.mul(normalized!, tf.mean(tf.mul(own, normalized!), 1, true));
      return [
        tf.mul(tf.sub(tf.sub(own, tf.mean(own, 1, true)), shared), scale!),
        tf.sum(tf.mul(arriving, normalized!), 0),
        tf.sum(arriving, 0),
      ];
    },
  );

/** x times the normal distribution's share below x. */
export const gelu = (x: tf.Tensor): tf.Tensor =>
  differentiable(
    [x],
    (x) => {
      const half = constant(0.5);
      const share = tf.add(tf.mul(tf.erf(tf.mul(x, constant(Math.SQRT1_2))), half), half);
      return { value: tf.mul(x, share), saved: [x, share] };
    },
    (arriving, [x, share]) => {
      const exponential = tf.exp(tf.mul(tf.square(x!), constant(-0.5)));
      const density = tf.mul(exponential, constant(1 / Math.sqrt(2 * Math.PI)));
      return [tf.mul(arriving, tf.add(share!, tf.mul(x!, density)))];
    },
  );

/** GPT-2's approximation of it. */
export const geluTanh = (x: tf.Tensor): tf.Tensor =>
  differentiable(
    [x],
    (x) => {
      const cubic = tf.mul(x, tf.add(tf.mul(tf.square(x), constant(0.044715)), constant(1)));
      const bent = tf.tanh(tf.mul(cubic, constant(Math.sqrt(2 / Math.PI))));
      const share = tf.mul(tf.add(bent, constant(1)), constant(0.5));
      return { value: tf.mul(x, share), saved: [x, share] };
    },
    (arriving, [x, share]) => {
      // The derivative of (1 + tanh u) / 2 is 2 share (1 - share) u'.
      const slope = tf.add(tf.mul(tf.square(x!), constant(3 * 0.044715)), constant(1));
      const bend = tf.mul(tf.mul(share!, tf.sub(constant(1), share!)), slope);
      const scaled = tf.mul(tf.mul(x!, bend), constant(2 * Math.sqrt(2 / Math.PI)));
      return [tf.mul(arriving, tf.add(share!, scaled))];
    },
  );

/**
 * Cross entropy of logits [rows, classes].
 * @param targets [rows, classes], all 0 for a row without a target
 * @param counts [rows, 1], 1 for a row with a target
 * @param count how many rows have a target
 */
export const crossEntropy = (logits: tf.Tensor, targets: tf.Tensor, counts: tf.Tensor, count: number): tf.Scalar =>
  tf.reshape(
    differentiable(
      [logits],
      (logits) => {
        const probabilities = tf.softmax(logits);
        const picked = tf.sum(tf.mul(probabilities, targets), 1, true);
        const logarithms = tf.log(tf.add(picked, tf.sub(constant(1), counts)));
        return { value: tf.mul(tf.sum(logarithms), constant(-1 / count)), saved: [probabilities] };
      },
      (arriving, [probabilities]) => [
        tf.mul(tf.sub(tf.mul(probabilities!, counts), targets), tf.mul(arriving, constant(1 / count))),
      ],
    ),
    [],
  );
