import { describe, expect, test } from 'vitest';
import { classificationReport } from './classification.js';
import { entitiesOf, entityReport } from './entities.js';
import { multiLabelReport } from './multi-label.js';
import { answerReport, normalizeAnswer } from './question-answering.js';
import { regressionReport, severalNumbersReport } from './regression.js';
import { tokenAccuracy } from './token-accuracy.js';

// Literals are from scikit-learn 1.9.1, scipy 1.17.1, seqeval 1.2.2 and the SQuAD 2.0 evaluation script.
describe('classificationReport', () => {
  const labels = [0, 1, 2, 2, 1, 0, 3, 3, 1, 2, 0, 1];
  const predictions = [0, 2, 2, 2, 1, 1, 3, 0, 1, 1, 0, 2];
  const report = classificationReport(labels, predictions, ['a', 'b', 'c', 'd', 'e']);

  test('averages are those of scikit-learn', () => {
    expect(report.accuracy).toBeCloseTo(0.5833333333333334, 12);
    expect(report.macroF1).toBeCloseTo(0.6011904761904762, 12);
    expect(report.microF1).toBeCloseTo(0.5833333333333334, 12);
    expect(report.matthews).toBeCloseTo(0.43277233956346145, 12);
  });

  test('per class, a class that does not occur has zeros', () => {
    const rounded = report.perClass.map(({ label, precision, recall, f1, support }) => [
      label,
      ...[precision, recall, f1].map((score) => Math.round(score * 1e8) / 1e8),
      support,
    ]);
    expect(rounded).toEqual([
      ['a', 0.66666667, 0.66666667, 0.66666667, 3],
      ['b', 0.5, 0.5, 0.5, 4],
      ['c', 0.5, 0.66666667, 0.57142857, 3],
      ['d', 1, 0.5, 0.66666667, 2],
      ['e', 0, 0, 0, 0],
    ]);
  });

  test('confusions are sorted by count', () => {
    expect(report.confusions).toEqual([
      { label: 'b', predicted: 'c', count: 2 },
      { label: 'a', predicted: 'b', count: 1 },
      { label: 'c', predicted: 'b', count: 1 },
      { label: 'd', predicted: 'a', count: 1 },
    ]);
  });

  test('one predicted class only', () => {
    const single = classificationReport([0, 0, 1, 1, 1], [0, 0, 0, 0, 0], ['a', 'b']);
    expect(single.macroF1).toBeCloseTo(0.2857142857142857, 12);
    expect(single.matthews).toBe(0);
    expect(classificationReport([1, 1, 0, 1, 0, 0], [1, 0, 0, 1, 1, 0], ['a', 'b']).matthews).toBeCloseTo(1 / 3, 12);
  });

  test('refuses what does not pair up', () => {
    expect(() => classificationReport([0, 1], [0], ['a', 'b'])).toThrow(
      expect.objectContaining({ code: 'E_DATA', message: expect.stringContaining('2 labels and 1 predictions') }),
    );
    expect(() => classificationReport([], [], ['a'])).toThrow(expect.objectContaining({ code: 'E_DATA' }));
    expect(() => classificationReport([0, 2], [0, 1], ['a', 'b'])).toThrow(
      expect.objectContaining({ code: 'E_DATA', message: expect.stringContaining('Example 1 has label 2') }),
    );
  });
});

test('multiLabelReport', () => {
  const labels = [
    [1, 0, 1],
    [0, 1, 0],
    [0, 0, 0],
    [1, 1, 1],
  ];
  const predictions = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 1, 0],
    [1, 0, 1],
  ];
  const report = multiLabelReport(labels, predictions, ['x', 'y', 'z']);
  expect(report.subsetAccuracy).toBe(0.25);
  expect(report.hammingLoss).toBe(0.25);
  expect(report.macroF1).toBeCloseTo(0.7222222222222222, 12);
  expect(report.microF1).toBeCloseTo(0.7272727272727273, 12);
  expect(report.perClass.map(({ precision, recall }) => [precision, recall])).toEqual([
    [1, 1],
    [0.5, 0.5],
    [1, 0.5],
  ]);
  expect(() => multiLabelReport([[1, 0]], [[1, 0]], ['x'])).toThrow(expect.objectContaining({ code: 'E_DATA' }));
});

test('regressionReport', () => {
  const report = regressionReport([1.0, 2.5, 2.5, 4.0, 0.5, 3.0], [0.8, 2.0, 3.1, 4.4, 0.8, 2.2]);
  expect(report.meanSquaredError).toBeCloseTo(0.25666666666666665, 12);
  expect(report.meanAbsoluteError).toBeCloseTo(0.46666666666666673, 12);
  expect(report.pearson).toBeCloseTo(0.9168947122333679, 12);
  expect(report.spearman).toBeCloseTo(0.8823529411764706, 12);
  expect(regressionReport([1, 2], [3, 3])).toMatchObject({ pearson: 0, spearman: 0 });
});

test('field 32: severalNumbersReport', () => {
  // Errors over all numbers; numpy.corrcoef of each, by hand.
  const report = severalNumbersReport([
    { labels: [1, 2, 3, 4], predictions: [1.5, 1, 3.5, 4] },
    { labels: [10, -20, 30, 0], predictions: [-8, 16, -24, 4] },
  ]);
  expect(report.meanSquaredError).toBeCloseTo((0.25 + 1 + 0.25 + 18 ** 2 + 36 ** 2 + 54 ** 2 + 16) / 8, 9);
  expect(report.meanAbsoluteError).toBeCloseTo((0.5 + 1 + 0.5 + 18 + 36 + 54 + 4) / 8, 9);
  expect(report.pearson).toBeCloseTo((5 / Math.sqrt(5 * 6.5) - 1060 / Math.sqrt(1300 * 876)) / 2, 9);
  expect(report.spearman).toBeCloseTo((0.8 - 1) / 2, 9);
});

describe('entityReport', () => {
  const labels = [
    ['B-PER', 'I-PER', 'O', 'B-LOC', 'I-LOC', 'O'],
    ['O', 'I-ORG', 'I-ORG', 'B-ORG', 'O', 'B-LOC'],
    ['B-PER', 'I-LOC', 'O', 'E-MISC', 'S-MISC', 'B'],
  ];
  const predictions = [
    ['B-PER', 'I-PER', 'O', 'B-LOC', 'O', 'O'],
    ['O', 'B-ORG', 'I-ORG', 'I-ORG', 'O', 'B-LOC'],
    ['B-PER', 'B-LOC', 'O', 'I-MISC', 'S-MISC', 'I'],
  ];

  test('entities follow conlleval where tags are broken', () => {
    expect(entitiesOf(labels[2]!)).toEqual([
      { type: 'PER', start: 0, end: 0 },
      { type: 'LOC', start: 1, end: 1 },
      { type: 'MISC', start: 3, end: 3 },
      { type: 'MISC', start: 4, end: 4 },
      { type: '_', start: 5, end: 5 },
    ]);
  });

  test('scores are those of seqeval', () => {
    const report = entityReport(labels, predictions);
    expect(report.precision).toBeCloseTo(0.7777777777777778, 12);
    expect(report.recall).toBeCloseTo(0.7, 12);
    expect(report.f1).toBeCloseTo(0.7368421052631577, 12);
    expect(report.accuracy).toBeCloseTo(0.6666666666666666, 12);
    expect(report.macroF1).toBeCloseTo(0.7333333333333333, 12);
    expect(report.perType.map(({ label, f1, support }) => [label, Math.round(f1 * 1e6) / 1e6, support])).toEqual([
      ['LOC', 0.666667, 3],
      ['MISC', 1, 2],
      ['ORG', 0, 2],
      ['PER', 1, 2],
      ['_', 1, 1],
    ]);
  });

  test('refuses sequences of different length', () => {
    expect(() => entityReport([['O']], [['O', 'O']])).toThrow(expect.objectContaining({ code: 'E_DATA' }));
  });
});

test('tokenAccuracy leaves out ignored positions', () => {
  expect(tokenAccuracy([-100, 1, 2, -100, 3], [5, 1, 0, -100, 3])).toBeCloseTo(2 / 3, 12);
  expect(tokenAccuracy([-100], [1])).toBe(0);
});

describe('answerReport', () => {
  test('scores are those of the SQuAD script', () => {
    const report = answerReport(
      [['The Eiffel Tower', 'Eiffel tower, Paris'], ['in 1889'], [''], [''], ['a b b c'], ['ça va']],
      ['eiffel tower!', '1889 in the  spring', '', 'something', 'b b b d', 'ca va'],
    );
    expect(report.exactMatch).toBeCloseTo(1 / 3, 12);
    expect(report.f1).toBeCloseTo(0.6452380952380953, 12);
  });

  test('normalizeAnswer', () => {
    expect(normalizeAnswer('  The "Theory" of a   çan!')).toBe('theory of çan');
  });

  test('refuses an example without answers', () => {
    expect(() => answerReport([[]], ['x'])).toThrow(expect.objectContaining({ code: 'E_DATA' }));
  });
});
