/** The command with every task, in this process, on a tiny BERT. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeStorage } from '@attune/hub/node';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerScore } from './testing/answer-score.js';
import { runCommand } from './testing/run-command.js';

let folder: string;
let model: string;

const jsonLines = (objects: readonly unknown[]) => `${objects.map((each) => JSON.stringify(each)).join('\n')}\n`;
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const places = ['bonn', 'paris'];
const sentences = places.flatMap((place) => [`the cat is in ${place}`, `the dog sat in ${place}`]);
const tagged = sentences.map((text) => text.split(' ').map((token) => [token, places.includes(token) ? 'B-loc' : 'O']));
const questions = sentences.map((context) => {
  const place = places.find((each) => context.includes(each))!;
  return { question: 'where?', context, answers: { text: [place], answer_start: [context.indexOf(place)] } };
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'attune-tasks-'));
  model = join(folder, 'model');
  await writeTinyBert(nodeStorage(model));
  const labels = sentences.map((text) => ['cat', 'dog', 'bonn'].filter((label) => text.includes(label)));
  file(
    'labels.csv',
    `text,label\n${sentences.map((text, index) => `${text},${labels[index]!.join('|')}`).join('\n')}\n`,
  );
  file('labels.jsonl', jsonLines(sentences.map((text, index) => ({ text, label: labels[index] }))));
  file('numbers.csv', `text,label\n${sentences.map((text, index) => `${text},${index - 1.5}`).join('\n')}\n`);
  file('tags.conll', `${tagged.map((rows) => rows.map((row) => row.join('\t')).join('\n')).join('\n\n')}\n`);
  file(
    'tags.jsonl',
    jsonLines(tagged.map((rows) => ({ tokens: rows.map(([token]) => token), tags: rows.map(([, tag]) => tag) }))),
  );
  file('questions.jsonl', jsonLines(questions));
  file('lines.txt', `${sentences.join('\n')}\n`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const attune = (...args: string[]) => runCommand([...args, '--json']);

const train = (task: string, data: string, output: string, ...more: string[]) =>
  attune(
    ...['train', '--task', task, '--model', model, '--train', join(folder, data), '--eval', join(folder, data)],
    ...['--output', join(folder, output), '--max-length', '32', '--batch-size', '2', '--epochs', '12'],
    ...['--learning-rate', '1e-2', '--threads', '1', '--dropout', '0', ...more],
  );
const evaluate = (data: string, output: string) =>
  attune('evaluate', '--model', join(folder, output), '--data', join(folder, data), '--threads', '1');
const predict = (output: string, ...more: string[]) =>
  attune('predict', '--model', join(folder, output), '--threads', '1', ...more);
const predictionsOf = async (output: string, data: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
  recordsOf((await predict(output, '--data', join(folder, data))).last.predictions);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const recordsOf = (value: unknown) => listOf(value).map((each) => ({ ...Object(each) }));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
const configOf = (output: string) => JSON.parse(readFileSync(join(folder, output, 'config.json'), 'utf8'));

describe('attune with every task', () => {
  it('sequence classification with several labels, in cells and in arrays', async () => {
    const kind = ['--problem-type', 'multi_label_classification'];
    expect((await train('sequence-classification', 'labels.csv', 'many', '--strategy', 'full', ...kind)).code).toBe(0);
    expect(configOf('many')).toMatchObject({
      problem_type: 'multi_label_classification',
      id2label: { 0: 'bonn', 1: 'cat', 2: 'dog' },
    });
    const predictions = await predictionsOf('many', 'labels.jsonl');
    const names = ['bonn', 'cat', 'dog'];
    const right = predictions.map(({ predicted }, row) =>
      names.map((name) => listOf(predicted).includes(name) === sentences[row]!.includes(name)),
    );
    const { last: measured } = await evaluate('labels.jsonl', 'many');
    expect(measured).toMatchObject({
      subsetAccuracy: mean(right.map((each) => Number(each.every(Boolean)))),
      hammingLoss: expect.closeTo(1 - mean(right.flat().map(Number)), 10),
      examples: 4,
      perClass: names.map((label) => ({ label, support: 2 })),
    });
    expect((await predict('many', '--text', sentences[0]!)).last).toMatchObject({
      predicted: expect.arrayContaining(['cat']),
      labels: { length: 3 },
    });
  });

  it('regression, as an adapter and merged', async () => {
    const kind = ['--problem-type', 'regression', '--metric-for-best-model', 'pearson'];
    expect((await train('sequence-classification', 'numbers.csv', 'number', ...kind)).code).toBe(0);
    const guesses = (await predictionsOf('number', 'numbers.csv')).map(({ score }) => Number(score));
    const errors = guesses.map((guess, row) => guess - (row - 1.5));
    const truths = guesses.map((_, row) => row - 1.5);
    const covariance = mean(truths.map((truth, row) => truth * (guesses[row]! - mean(guesses))));
    const { last } = await evaluate('numbers.csv', 'number');
    expect(last).toMatchObject({
      meanSquaredError: expect.closeTo(mean(errors.map((error) => error ** 2)), 5),
      meanAbsoluteError: expect.closeTo(mean(errors.map(Math.abs)), 5),
      pearson: expect.closeTo(covariance / (deviation(truths) * deviation(guesses)), 5),
      examples: 4,
    });
    const paths = ['--model', join(folder, 'number'), '--output', join(folder, 'number-merged')];
    expect((await attune('merge', ...paths)).code).toBe(0);
    expect(configOf('number-merged')).toMatchObject({ problem_type: 'regression', id2label: { 0: 'LABEL_0' } });
    const scores: unknown[] = [];
    for (const path of ['number', 'number-merged']) scores.push((await predict(path, '--text', 'the cat')).last.score);
    expect(scores[1]).toBeCloseTo(Number(scores[0]), 4);
  });

  it.each(['tags.conll', 'tags.jsonl'])('token classification from %s', async (data) => {
    const output = `tagger-${data}`;
    expect((await train('token-classification', data, output, '--strategy', 'full')).code).toBe(0);
    expect((await evaluate(data, output)).last).toMatchObject({ f1: 1, accuracy: 1, perClass: [{ label: 'loc' }] });
    for (const strategy of ['first', 'simple']) {
      const { last } = await predict(output, '--text', 'the cat is in Bonn', '--aggregation-strategy', strategy);
      expect(last.entities).toMatchObject([{ label: 'loc', text: 'Bonn', start: 14, end: 18 }]);
    }
    const { last } = await predict(output, '--data', join(folder, 'lines.txt'));
    expect(last.predictions).toHaveLength(4);
  });

  it('question answering with windows, as an adapter', async () => {
    const more = [
      '--doc-stride',
      '4',
      '--lora-r',
      '16',
      '--target-modules',
      'query,key,value,dense',
      '--max-length',
      '12',
    ];
    expect((await train('question-answering', 'questions.jsonl', 'reader', ...more)).code).toBe(0);
    const found = (await predictionsOf('reader', 'questions.jsonl')).map(({ answer: text }) => String(text).split(' '));
    // The words "the", "a" and "an" do not count, and every true answer is one word.
    const words = found.map((each) => each.filter((word) => word !== 'the' && word !== ''));
    const shares = words.map((each, row) => (each.includes(places[row >> 1]!) ? 2 / (each.length + 1) : 0));
    const { last } = await evaluate('questions.jsonl', 'reader');
    expect(last).toMatchObject({
      exactMatch: mean(shares.map((share) => Number(share === 1))),
      f1: expect.closeTo(mean(shares), 10),
      examples: 4,
    });
    const context = 'the dog sat on the mat and the very good cat is in bonn';
    const answer = await predict('reader', '--question', 'where?', '--context', context);
    expect(answer.last.question).toBe('where?');
    const place = { question: 'where?', context, start: Number(answer.last.start), end: Number(answer.last.end) };
    expect(context.slice(place.start, place.end)).toBe(answer.last.answer);
    expect(answer.last.score).toBeCloseTo(
      await answerScore(join(folder, 'reader'), place, { maxLength: 12, stride: 4 }),
      5,
    );
    const onnx = ['--model', join(folder, 'reader'), '--output', join(folder, 'reader.onnx'), '--max-length', '12'];
    expect((await attune('export', ...onnx)).last.outputs).toEqual(['startLogits', 'endLogits']);
  });

  it('R-Drop costs what two passes disagree about', async () => {
    const firstLoss = async (alpha: string) => {
      const more = ['--strategy', 'full', '--dropout', '0.3', '--max-steps', '1', '--r-drop', alpha];
      const { out } = await train('sequence-classification', 'numbers.csv', `r-drop-${alpha}`, ...more);
      return JSON.parse(out.split('\n').find((line) => line.includes('"type":"step"'))!).loss;
    };
    expect(await firstLoss('5')).toBeGreaterThan(await firstLoss('0'));
  });

  it('masked language modelling', async () => {
    expect((await train('masked-language-modeling', 'lines.txt', 'filler', '--strategy', 'full')).code).toBe(0);
    const { last } = await evaluate('lines.txt', 'filler');
    expect(last.perplexity).toBeCloseTo(Math.exp(Number(last.loss)), 6);
    const filled = await predict('filler', '--text', 'the [MASK] is in [MASK]', '--top-k', '3');
    expect(filled.last.masks).toMatchObject([{ tokens: { length: 3 } }, { tokens: { length: 3 } }]);
  });
});

describe('attune refuses, with exit code 2', () => {
  it.each<[string, readonly string[], string, RegExp]>([
    [
      'an option of another task',
      ['token-classification', 'tags.conll', '--problem-type', 'regression'],
      'problemType',
      /sequence-classification/,
    ],
    [
      'a metric of another task',
      ['token-classification', 'tags.conll', '--metric-for-best-model', 'exactMtch'],
      'metricForBestModel',
      /exactMtch/,
    ],
    ['a table for questions', ['question-answering', 'labels.csv'], '', /JSON Lines/],
    [
      'a name for a CoNLL column',
      ['token-classification', 'tags.conll', '--tags-column', 'ner'],
      'tagsColumn',
      /tags\.conll/,
    ],
    [
      'a word for a number',
      ['sequence-classification', 'labels.csv', '--problem-type', 'regression'],
      'cat',
      /labels\.csv:2:2 has the label "cat" for LABEL_0, which is no number/,
    ],
    ['a list for one label', ['sequence-classification', 'labels.jsonl'], '', /labels\.jsonl:1:2 has a list/],
    [
      'smoothing of numbers',
      ['sequence-classification', 'numbers.csv', '--problem-type', 'regression', '--label-smoothing', '0.1'],
      'labelSmoothing',
      /one label per text/,
    ],
    [
      'R-Drop of numbers',
      ['sequence-classification', 'numbers.csv', '--problem-type', 'regression', '--r-drop', '1'],
      'rDrop',
      /one label per text/,
    ],
    [
      'focal loss of numbers',
      ['sequence-classification', 'numbers.csv', '--problem-type', 'regression', '--focal-gamma', '2'],
      'focalGamma',
      /needs classes/,
    ],
    [
      'balanced sampling of numbers',
      ['sequence-classification', 'numbers.csv', '--problem-type', 'regression', '--balanced-sampling'],
      'balancedSampling',
      /one label per text/,
    ],
  ])('%s', async (_, [task = '', data = '', ...more], field, message) => {
    const { code, last } = await train(task, data, 'refused', '--dry-run', ...more);
    expect(code).toBe(2);
    expect(last).toMatchObject({ type: 'error', message: expect.stringMatching(message) });
    if (field) expect(last.field).toBe(field);
  });

  it('what does not fit a trained model', async () => {
    const output = 'refusing';
    expect((await train('masked-language-modeling', 'lines.txt', output, '--strategy', 'head')).code).toBe(0);
    const errors = [
      await predict(output, '--text', 'no mask'),
      await predict(output, '--question', 'where?'),
      await predict(output, '--text', 'the [MASK]', '--task', 'token-classification'),
      await predict(output),
    ];
    expect(errors.map(({ code, last }) => [code, last.code, last.field])).toEqual([
      [2, 'E_DATA', 'text'],
      [2, 'E_CONFIG', 'question'],
      [2, 'E_CONFIG', 'task'],
      [2, 'E_CONFIG', 'text'],
    ]);
  });
});
