/** Scores, logits and weights in parts: the same results, and never all of them in memory. */
import { conformanceCases } from '@attune/conformance';
import { grad } from '@attune/core/internal';
import {
  type Device,
  linearCrossEntropyDefinition,
  type Program,
  ProgramBuilder,
  quantizedMatmul,
  reduceSum,
  scaledDotProductAttention,
  tensorType,
} from '@attune/ir';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webgpu } from '../index.js';
import { schedule } from '../schedule/schedule.js';
import { gpuTuning } from '../schedule/tuning.js';

const chosen =
  /composites\/(attention: some of all queries, with dropout|attention_gradient: causal|linear_cross_entropy|quantized_matmul: (q4_0|nf4))/;

describe('composites in parts', () => {
  let device: Device;
  beforeAll(async () => {
    device = await webgpu({ tuning: { partBytes: 64 } }).open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  const cases = conformanceCases().filter(({ name }) => chosen.test(name));

  it('are there', () => expect(cases.length).toBeGreaterThan(6));

  it.each(cases)('conform: $name', ({ run }) => run(device));
});

const megabytes = (program: Program): number =>
  schedule(program, { tuning: { ...gpuTuning, partBytes: 2 ** 20 } }).slots.reduce((a, b) => a + b, 0) / 2 ** 20;

describe('memory between kernels', () => {
  it('never holds all scores of long sequences, forward and backward', () => {
    const builder = new ProgramBuilder('attention');
    const [q, k, v] = ['q', 'k', 'v'].map((name) => builder.input(name, tensorType([1, 2, 1024, 16])));
    const result = scaledDotProductAttention(q!, k!, v!, { scale: 0.25 });
    const program = builder.finish({ loss: reduceSum(result, [0, 1, 2, 3]) });
    const gradients = grad(program, { wrt: ['q', 'k', 'v'] });
    expect(megabytes(gradients)).toBeLessThan(6);
  });

  it('never holds all logits of a large vocabulary, forward and backward', () => {
    const builder = new ProgramBuilder('loss');
    const hidden = builder.input('hidden', tensorType([256, 16]));
    const weight = builder.input('weight', tensorType([8192, 16]));
    const labels = builder.input('labels', tensorType([256], 'i32'));
    const [losses] = builder.apply(linearCrossEntropyDefinition, [hidden, weight, labels], { ignoreIndex: -100 });
    const program = builder.finish({ loss: reduceSum(losses!, [0]) });
    expect(megabytes(grad(program, { wrt: ['hidden', 'weight'] }))).toBeLessThan(4);
  });

  it('never holds all weights of a quantized matrix', () => {
    const builder = new ProgramBuilder('product');
    const x = builder.input('x', tensorType([4, 512]));
    const data = builder.input('data', tensorType([4096, (512 / 32) * 18], 'u8'));
    const y = quantizedMatmul(x, [data], { format: 'q4_0', shape: [4096, 512], block: 32 });
    expect(megabytes(builder.finish({ y }))).toBeLessThan(2);
  });
});
