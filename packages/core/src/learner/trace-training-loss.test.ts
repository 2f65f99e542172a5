/** What a training step makes of attention, on devices that have a kernel for it and on others. */
import { type Capabilities, type DType, hostTensor, mean, type Program, sameShape, verify } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { grad } from '../autodiff.js';
import { describeModel } from '../describe-model.js';
import { type Model, tokenFields } from '../model.js';
import { paddingBias, selfAttention } from '../nn/attention.js';
import { embeddingLayer, linear } from '../nn/layers.js';
import { sequenceClassificationObjective } from '../objectives/classification.js';
import { runPasses } from '../passes/passes.js';
import { tinyFull, tinyTask } from '../trainer/testing/tiny.js';
import { planModel } from './adapted-model.js';
import { traceTrainingLoss } from './trace-training-loss.js';

const [rows, tokens, width, heads, layers] = [2, 5, 8, 2, 2];

const model: Model = {
  architecture: 'attending',
  task: tinyTask,
  config: {},
  maxPositions: tokens,
  inputs: tokenFields('inputIds', 'attentionMask'),
  forward(scope, { inputIds, attentionMask }) {
    const bias = paddingBias(attentionMask!);
    let hidden = embeddingLayer(scope, 'embeddings', inputIds!, [16, width]);
    for (let layer = 0; layer < layers; layer++)
      hidden = selfAttention(scope.child(layer), hidden, { heads, bias, dropout: 0.1 });
    return { logits: linear(scope, 'classifier', mean(hidden, { axes: [1] }), 3) };
  },
};

const claiming = (...composites: readonly string[]): Capabilities => ({
  dtypes: new Set<DType>(['f32', 'i32', 'u32', 'bool']),
  composites: new Set(composites),
  maxBufferBytes: 2 ** 20,
});

function stepFor(capabilities: Capabilities): Program {
  const integers = (shape: readonly number[]) =>
    hostTensor(shape, new Int32Array(shape.reduce((a, b) => a * b)), 'i32');
  const [inputIds, attentionMask] = [integers([rows, tokens]), integers([rows, tokens])];
  const batch = { inputIds, attentionMask, labels: integers([rows]) };
  const adapted = { ...planModel(model, [tinyFull]), weights: new Map(), unstarted: [] };
  const { program } = traceTrainingLoss(adapted, sequenceClassificationObjective({ classes: 3 }), batch, capabilities);
  const wrt = describeModel(model).parameters.map(({ name }) => name);
  return verify(runPasses(grad(program, { wrt }), capabilities));
}

const isOfScores = ({ types }: Program, id: number) => sameShape(types[id]!.shape, [rows, heads, tokens, tokens]);

/** How often an op occurs; where `overScores`, with a result of the shape of the scores. */
const count = (program: Program, name: string, { overScores = false } = {}): number =>
  program.ops.filter(
    ({ definition, outputs }) => definition.name === name && (!overScores || isOfScores(program, outputs[0]!)),
  ).length;

describe('attention in a training step', () => {
  test.each([{ claimed: ['softmax'] }, { claimed: ['softmax', 'attention'] }])(
    'keeps its probabilities on a device that claims $claimed',
    ({ claimed }) => {
      const step = stepFor(claiming(...claimed));
      expect(count(step, 'attention')).toBe(0);
      // The scores and the cotangents of the probabilities, nothing twice.
      expect(count(step, 'dot_general', { overScores: true })).toBe(2 * layers);
      expect(count(step, 'softmax', { overScores: true })).toBe(layers);
      expect(count(step, 'exp', { overScores: true })).toBe(0);
    },
  );

  test('never has scores on a device that claims attention and its gradient', () => {
    const step = stepFor(claiming('attention', 'attention_gradient'));
    expect(count(step, 'attention')).toBe(layers);
    expect(count(step, 'attention_gradient')).toBe(layers);
    expect(step.types.filter((_, id) => isOfScores(step, id))).toEqual([]);
  });
});
