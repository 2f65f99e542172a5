import { type HostTensor, hostTensor } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { sequenceClassificationObjective } from './classification.js';
import { combinedObjective } from './combined.js';
import { type EmbeddingDistillationOptions, embeddingDistillation } from './embedding-distillation.js';
import { hiddenStateDistillation } from './hidden-state-distillation.js';
import { logitDistillation } from './logit-distillation.js';
import { runObjective } from './testing/run-objective.js';

function expectNumbers(
  { loss, gradient }: { readonly loss: number; readonly gradient: readonly number[] },
  expected: number,
  slopes: readonly number[],
) {
  expect(loss).toBeCloseTo(expected, 5);
  expect(gradient).toHaveLength(slopes.length);
  for (const [index, slope] of slopes.entries()) expect(gradient[index]).toBeCloseTo(slope, 5);
}

// Numbers of PyTorch 2.15: kl_div, cross_entropy, mse_loss, cosine_similarity.
describe('logits', () => {
  const logits = hostTensor([2, 3], [1, 2, -1, 0.5, -0.5, 0]);
  const teacherLogits = hostTensor([2, 3], [0, 1, 0, 2, 0, -3]);
  const labels = hostTensor([2], [1, -100], 'i32');

  test('the teacher’s part and the labels’ are weighed; a row without a label counts for nothing', () => {
    const objective = logitDistillation({ classes: 3, temperature: 2, softWeight: 0.3 });
    expect(objective.counts({ labels, teacherLogits })).toEqual({ targets: 1 });
    const found = runObjective(objective, { logits }, { labels, teacherLogits });
    expectNumbers(found, 0.344896, [0.216106, -0.149419, -0.066687, 0, 0, 0]);
  });

  test.each([0, 0.3, 1])('with beta %d a student that agrees has loss and gradient 0, however sure it is', (beta) => {
    const sure = hostTensor([1, 3], [300, -200, 0]);
    const objective = logitDistillation({ classes: 3, softWeight: 1, beta });
    const batch = { labels: hostTensor([1], [0], 'i32'), teacherLogits: sure };
    expectNumbers(runObjective(objective, { logits: sure }, batch), 0, [0, 0, 0]);
  });

  test('wrong options are named', () => {
    expect(() => logitDistillation({ classes: 2, temperature: 0 })).toThrow(
      expect.objectContaining({ code: 'E_CONFIG', field: 'temperature' }),
    );
  });
});

describe('hidden states', () => {
  const student = { 'hiddenStates.1': hostTensor([2, 2, 2], [1, 2, -1, 0.5, 3, 0, 0, 0]) };
  const states = [0.5, 1, 9, 9, 1, 1, 2, -1];
  const attentionMask = hostTensor([2, 2], [1, 0, 1, 1], 'i32');
  const batch = {
    attentionMask,
    'teacherHiddenStates.2': hostTensor([2, 2, 2], states),
    'teacherHiddenStates.0': hostTensor(
      [2, 2, 2],
      states.map((value) => -value),
    ),
  };

  test('pairs of layers are compared where tokens are attended', () => {
    const layers: [number, number][] = [
      [1, 2],
      [1, 0],
    ];
    const objective = hiddenStateDistillation({ layers });
    expect(objective.labelNames).toEqual(['attentionMask', 'teacherHiddenStates.2', 'teacherHiddenStates.0']);
    expect(objective.counts(batch)).toEqual({ tokens: 3 });
    expectNumbers(runObjective(objective, student, batch), 3.708333, [0.333333, 0.666667, 0, 0, 1, 0, 0, 0]);
  });

  test('rows that fill up a batch, whose teacher is NaN, count for nothing', () => {
    const unknown = states.map((value, index) => (index < 4 ? value : Number.NaN));
    const filled = { ...batch, 'teacherHiddenStates.2': hostTensor([2, 2, 2], unknown) };
    const objective = hiddenStateDistillation({ layers: [[1, 2]] });
    expect(objective.counts(filled)).toEqual({ tokens: 1 });
    expectNumbers(runObjective(objective, student, filled), (0.25 + 1) / 2, [0.5, 1, 0, 0, 0, 0, 0, 0]);
  });
});

describe('embeddings', () => {
  const normalized = hostTensor([3, 2], [3, 4, 0, 2, -1, 0.5]);
  const narrow = hostTensor([3, 2], [1, 0, 1, 1, 0, 2]);
  const wide = hostTensor([3, 3], [1, 0, 2, 1, 1, 0, 0, 2, -1]);

  test.each<[EmbeddingDistillationOptions, HostTensor, number, readonly number[]]>([
    [{}, narrow, 0.415227, [-0.042667, 0.032, -0.117851, 0, -0.119257, -0.238514]],
    [{ loss: 'mse' }, narrow, 4.208333, [0.666667, 1.333333, -0.333333, 0.333333, -0.333333, -0.5]],
    [{ loss: 'similarities' }, wide, 0.070498, [-0.036111, 0.027083, 0.101322, 0, 0.00922, 0.01844]],
  ])('%j', (options, teacherEmbeddings, loss, gradient) => {
    const objective = embeddingDistillation(options);
    const found = runObjective(objective, { normalized }, { teacherEmbeddings });
    expectNumbers(found, loss, gradient);
    const extended = (tensor: HostTensor, filler: number): HostTensor => {
      const width = tensor.type.shape[1]!;
      return hostTensor([4, width], [...tensor.data, ...new Array<number>(width).fill(filler)]);
    };
    const outputs = { normalized: extended(normalized, 0.3) };
    const filled = runObjective(objective, outputs, { teacherEmbeddings: extended(teacherEmbeddings, Number.NaN) });
    expectNumbers(filled, loss, [...gradient, 0, 0]);
  });
});

describe('combined', () => {
  const logits = hostTensor([2, 2], [1, 2, 0, 3]);
  const labels = hostTensor([2], [0, 1], 'i32');
  const teacherLogits = hostTensor([2, 2], [0, 1, 1, 0]);
  const hard = sequenceClassificationObjective({ classes: 2 });
  const soft = logitDistillation({ classes: 2, softWeight: 1 });

  test('is the weighted sum, each over its own totals', () => {
    const both = combinedObjective([{ objective: hard, weight: 0.7 }, { objective: soft }]);
    expect(both.labelNames).toEqual(['labels', 'teacherLogits']);
    expect(both.counts({ labels, teacherLogits })).toEqual({ '0.targets': 2, '1.targets': 2 });
    const [one, two] = [hard, soft].map((each) => runObjective(each, { logits }, { labels, teacherLogits }));
    const found = runObjective(both, { logits }, { labels, teacherLogits });
    const slopes = one!.gradient.map((slope, index) => 0.7 * slope + two!.gradient[index]!);
    expectNumbers(found, 0.7 * one!.loss + two!.loss, slopes);
  });

  test.each([[[]], [[{ objective: hard, weight: 0 }]], [[{ objective: hard, weight: Number.NaN }]]])(
    'refuses %j',
    (parts) => {
      expect(() => combinedObjective(parts)).toThrow(expect.objectContaining({ code: 'E_CONFIG', field: 'weight' }));
    },
  );
});
