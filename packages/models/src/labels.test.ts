import { sequenceClassificationTask, tokenClassificationTask } from '@attune/tasks';
import { processorClock } from '@attune/testing/processor-clock';
import { describe, expect, test } from 'vitest';
import { type LabelRequest, resolveLabels } from './labels.js';

const resolve = (config: Readonly<Record<string, unknown>>, request: Partial<LabelRequest> = {}) =>
  resolveLabels(config, 'config.json', { task: sequenceClassificationTask, ...request });

const named = { id2label: { 1: 'b', 0: 'a', 2: 'c' } };

describe('field 26: integers on a model that has classes', () => {
  const names = Array.from({ length: 12 }, (_, id) => `LABEL_${id}`);
  const numbered = { id2label: Object.fromEntries(names.map((name, id) => [id, name])) };
  const integers = names.map((_, id) => String(id));

  test('without names: keep their rows, in whatever order and however many the data have', () => {
    for (const labels of [integers, integers.toSorted(), ['11', '3']]) {
      const { rows, ...resolved } = resolve(numbered, { labels });
      expect([rows, resolved]).toMatchObject([undefined, { labels: integers, isNewClassifier: false }]);
      expect(resolved.notes).toBeUndefined();
    }
  });

  test('with names: mean them, which is said', () => {
    const resolved = resolve(named, { labels: ['0', '2'] });
    expect(resolved).toMatchObject({ labels: ['a', 'b', 'c'], isNewClassifier: false });
    expect(resolved.notes).toEqual([expect.stringContaining('0 is "a"')]);
  });

  test.each([
    ['integers beyond them', named, ['1', '3'], true, 'gives way to a new one (2 classes: 1, 3)'],
    ['other names', named, ['x', 'y'], true, '3 classes: a, b, c'],
    ['names for classes without', { id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } }, ['x', 'y'], false, 'LABEL_0 is "x"'],
  ])('%s: a changed head is said', (_, config, labels, isNewClassifier, note) => {
    expect(resolve(config, { labels })).toMatchObject({ labels, isNewClassifier });
    expect(resolve(config, { labels }).notes).toEqual([expect.stringContaining(note)]);
  });
});

describe('field 32: the numbers of a regression', () => {
  const asked = { problemType: 'regression' as const };
  const three = { id2label: { 0: 'v', 1: 'a', 2: 'd' }, problem_type: 'regression' };
  const numbered = ['LABEL_0', 'LABEL_1', 'LABEL_2'];

  test.each<[string, Readonly<Record<string, unknown>>, Partial<LabelRequest>, readonly string[], boolean]>([
    ['of a bare encoder by their count', {}, { labelCount: 3 }, numbered, false],
    ['by their names', {}, { labels: ['v', 'a'] }, ['v', 'a'], false],
    ['of the file stand for as many', three, { labelCount: 3 }, ['v', 'a', 'd'], false],
    ['of the file stand for others', three, { labelCount: 1 }, ['v', 'a', 'd'], false],
    [
      'two of transformers, which it does not write down',
      { problem_type: 'regression' },
      { classifierRows: 2 },
      numbered.slice(0, 2),
      false,
    ],
    ['one of transformers', { id2label: { 0: 'LABEL_0' } }, { labelCount: 3 }, ['LABEL_0'], false],
    ['in place of as many classes', named, { labelCount: 3 }, numbered, true],
    ['in place of a classifier by default', named, {}, ['LABEL_0'], true],
    [
      'by names that are integers',
      { id2label: { 0: 'LABEL_0', 1: 'LABEL_1', 2: 'LABEL_2' } },
      { labels: ['1', '2'] },
      ['1', '2'],
      true,
    ],
    ['by other names', three, { labels: ['x', 'y'] }, ['x', 'y'], true],
  ])('%s', (_, config, request, labels, isNewClassifier) => {
    const found = resolve(config, { ...asked, ...request });
    expect(found).toMatchObject({ labels, isNewClassifier, problemType: 'regression' });
    expect(found.notes ?? []).toHaveLength(Number(isNewClassifier));
  });

  test('keep their rows in another order', () => {
    expect(resolve(three, { ...asked, labels: ['d', 'v', 'a'] })).toMatchObject({ rows: [2, 0, 1] });
    expect(resolve(three, { ...asked, labels: ['x', 'y'] }).notes?.[0]).toContain('a new one (2 numbers: x, y)');
  });
});

describe('resolveLabels', () => {
  test('reads id2label by its ids', () => {
    expect(resolve(named)).toEqual({
      labels: ['a', 'b', 'c'],
      problemType: 'single_label_classification',
      isNewClassifier: false,
    });
  });

  test.each([
    [{}, {}, ['LABEL_0', 'LABEL_1'], 'single_label_classification'],
    [{ num_labels: 4 }, {}, ['LABEL_0', 'LABEL_1', 'LABEL_2', 'LABEL_3'], 'single_label_classification'],
    [{ problem_type: 'regression' }, {}, ['LABEL_0', 'LABEL_1'], 'regression'],
    [{}, { problemType: 'regression' as const }, ['LABEL_0'], 'regression'],
    [{ id2label: { 0: 'score' } }, {}, ['score'], 'regression'],
    [named, { problemType: 'multi_label_classification' as const }, ['a', 'b', 'c'], 'multi_label_classification'],
    [{ ...named, problem_type: 'regression' }, {}, ['a', 'b', 'c'], 'regression'],
  ])('%j with %j decides as transformers does', (config, request, labels, problemType) => {
    expect(resolve(config, request)).toMatchObject({ labels, problemType });
  });

  test.each<[readonly string[], boolean, readonly number[] | undefined]>([
    [['a', 'b', 'c'], false, undefined],
    [['c', 'a', 'b'], false, [2, 0, 1]],
    [['a', 'b'], true, undefined],
    [['x', 'y', 'z'], true, undefined],
  ])('a request for %j of a, b, c', (labels, isNewClassifier, rows) => {
    const found = resolve(named, { labels });
    expect(found).toMatchObject({ labels, isNewClassifier });
    expect(found.rows).toEqual(rows);
  });

  test('names take the place of LABEL_0 and LABEL_1, and the classifier stays', () => {
    const config = { id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } };
    expect(resolve(config, { labels: ['no', 'yes'] })).toMatchObject({ labels: ['no', 'yes'], isNewClassifier: false });
    expect(resolve(config, { labels: ['no', 'yes', 'perhaps'] })).toMatchObject({ isNewClassifier: true });
  });

  test.each<[readonly string[], Partial<LabelRequest>, RegExp]>([
    [['a', 'b', 'a'], {}, /"a" is there twice/],
    [['a', ''], {}, /one is empty/],
    [['a'], { problemType: 'single_label_classification' }, /at least 2 labels, there is 1/],
    [['a'], { task: tokenClassificationTask }, /at least 2 labels/],
    [[], { problemType: 'multi_label_classification' }, /at least 1 labels, there is 0/],
  ])('%j is refused', (labels, request, message) => {
    expect(() => resolve({}, { labels, ...request })).toThrow(
      expect.objectContaining({ code: 'E_CONFIG', field: 'labels', message: expect.stringMatching(message) }),
    );
  });

  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, id) => [id, `class ${id}`]));

  test.each<[string, Readonly<Record<string, unknown>>, Partial<LabelRequest>, string, string]>([
    ['field 42: num_labels 1e8', { num_labels: 1e8 }, {}, 'E_CONFIG', 'num_labels'],
    ['field 43: num_labels 5e9', { num_labels: 5e9 }, {}, 'E_CONFIG', 'num_labels'],
    [
      'field 43: num_labels beyond a head',
      { num_labels: 5e9 },
      { classifierRows: 3 },
      'E_WEIGHTS_MISMATCH',
      'num_labels',
    ],
    ['field 42: fewer than a head has', { num_labels: 2 }, { classifierRows: 3 }, 'E_WEIGHTS_MISMATCH', 'num_labels'],
    ['field 44: 200,000 names without a head', { id2label: many(200_000) }, {}, 'E_CONFIG', 'id2label'],
    ['field 44: names beyond a head', { id2label: many(40) }, { classifierRows: 3 }, 'E_WEIGHTS_MISMATCH', 'id2label'],
    ['audit F7: an adapter of 2e8 classes', {}, { labelCount: 2e8 }, 'E_CONFIG', 'labels'],
  ])('%s', (_, config, request, code, field) => {
    expect(() => resolve(config, request)).toThrow(expect.objectContaining({ code, field }));
  });

  test('field 44: 200,000 names that the weights have are read in linear time', () => {
    const config = { id2label: many(200_000) };
    const seconds = processorClock();
    expect(resolve(config, { classifierRows: 200_000 }).labels).toHaveLength(200_000);
    const labels = Object.values(config.id2label).reverse();
    expect(resolve(config, { labels, classifierRows: 200_000 }).rows?.[0]).toBe(199_999);
    expect(seconds()).toBeLessThan(5);
  });
});
