/** The command trains, measures and embeds with sentence embeddings, on a slice of the STS benchmark. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeStorage } from '@attune/hub/node';
import { sharedPath, skipsGolden } from '@attune/hub/testing/python';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
const attune = (command: string, ...args: string[]) => runCommand([command, ...args, '--threads', '1', '--json']);
const task = ['--task', 'sentence-similarity'];

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('base')));
  file(
    'pairs.csv',
    'anchor,positive\nthe cat sat,a cat sat\nthe dog is good,a good dog\nin bonn,bonn\nparis,in paris\n',
  );
  file(
    'scored.csv',
    'sentence1,sentence2,score\nthe cat,the cat,5\nthe cat,in bonn,0\nparis,in paris,4\nthe dog,bonn,1\n',
  );
  file('few.csv', 'text,label\ngood cat,good\nvery good,good\ngood mat,good\nbad dog,bad\nvery bad,bad\nbad mat,bad\n');
  file('lines.txt', 'the cat sat\nthe dog is good\nin bonn\nparis\n');
});
afterAll(() => folder.remove());

const train = (data: string, output: string, ...more: string[]) =>
  attune(
    'train',
    ...[...task, '--model', at('base'), '--train', at(data), '--output', at(output), '--max-steps', '4'],
    ...['--max-length', '16', '--batch-size', '4', '--learning-rate', '1e-2', ...more],
  );

describe('attune train --task sentence-similarity', () => {
  it.each([
    ['pairs.csv', 'ranked', '--strategy', 'lora'],
    ['scored.csv', 'ordered', '--strategy', 'full', '--objective', 'cosent'],
    ['lines.txt', 'contrasted', '--strategy', 'full', '--objective', 'simcse'],
  ])('%s: what is saved embeds, and says so', async (data, output, ...more) => {
    const trained = await train(data, output, '--eval', at('scored.csv'), ...more);
    expect(trained.code, trained.err).toBe(0);
    expect(trained.last.metrics).toMatchObject({ spearman: expect.any(Number) });
    const measured = await attune('evaluate', '--model', at(output), '--data', at('scored.csv'));
    expect(measured.last).toMatchObject({ pearson: expect.any(Number), spearman: expect.any(Number), examples: 4 });
    const { last } = await attune('embed', '--model', at(output), '--text', 'the cat');
    expect(last.embedding).toHaveLength(32);
  });

  it('refuses texts alone where pairs are needed', async () => {
    const { code, last } = await train('lines.txt', 'refused', '--dry-run');
    expect([code, last.code, last.field]).toEqual([2, 'E_DATA', 'objective']);
    expect(last.message).toMatch(/lines\.txt has no pairs, which multiple-negatives-ranking needs/);
  });

  it('names the command that asks such a model', async () => {
    const { code, last } = await attune('predict', '--model', at('ordered'), '--data', at('lines.txt'));
    expect([code, last.code]).toEqual([2, 'E_CONFIG']);
    expect(last.hint).toMatch(/attune embed --model/);
  });
});

describe.skipIf(skipsGolden)('on the STS benchmark', () => {
  it('a published model orders pairs as people do, by columns of any name', async () => {
    const rows: readonly Record<string, string>[] = parse(readFileSync(sharedPath('data/stsb-en-zh/stsb.csv')), {
      columns: true,
    });
    const test = rows.filter(({ split }) => split === 'test').slice(0, 60);
    const data = file('stsb.csv', stringify(test, { header: true, columns: ['score', 'en1', 'en2'] }));
    const { code, last } = await attune(
      'evaluate',
      ...['--model', sharedPath('models/all-minilm-l6-v2'), ...task, '--data', data, '--max-length', '64'],
      ...['--objective', 'cosent', '--anchor-column', 'en1', '--positive-column', 'en2'],
    );
    expect(code).toBe(0);
    expect(last.spearman).toBeGreaterThan(0.7);
  });
});

describe('attune train --strategy setfit', () => {
  const trainFew = (output: string, ...more: string[]) =>
    attune(
      'train',
      ...['--model', at('base'), '--train', at('few.csv'), '--output', at(output), '--strategy', 'setfit'],
      ...['--max-length', '16', '--batch-size', '8', '--learning-rate', '1e-3', ...more],
    );

  beforeAll(() => {
    file(
      'few.csv',
      'text,label\ngood cat,good\nvery good,good\ngood mat,good\nbad dog,bad\nvery bad,bad\nbad mat,bad\n',
    );
  });

  it('ends with a classifier that predict and evaluate read', async () => {
    const options = ['--set', 'setfit.numIterations=4', '--set', 'setfit.C=100', '--eval', at('few.csv')];
    const trained = await trainFew('few', ...options);
    expect(trained.code, trained.err).toBe(0);
    expect(trained.last).toMatchObject({ labels: ['bad', 'good'], metrics: { accuracy: 1 } });
    const { last } = await attune('predict', '--model', at('few'), '--text', 'good dog');
    expect(last).toMatchObject({ label: 'good' });
    const measured = await attune('evaluate', '--model', at('few'), '--data', at('few.csv'));
    expect(measured.last).toMatchObject({ accuracy: 1 });
  });

  it.each([
    ['an option that it does not have', ['--set', 'setfit.iterations=4'], /iterations: is no option/],
    ['what it does not read', ['--quantize', 'nf4'], /quantize is given, and setfit does not read it/],
    ['a strategy beside it', ['--strategy', 'head'], /no part of several strategies/],
  ])('refuses %s', async (_, more, message) => {
    const { code, last } = await trainFew('refused-few', ...more);
    expect([code, last.code, last.message]).toEqual([2, 'E_CONFIG', expect.stringMatching(message)]);
  });
});

describe('attune train --find-learning-rate', () => {
  it('writes losses and a plot', async () => {
    const { code, last, out, err } = await attune(
      'train',
      ...['--model', at('base'), '--train', at('few.csv'), '--output', at('rated'), '--strategy', 'full'],
      ...['--max-length', '16', '--batch-size', '4', '--find-learning-rate'],
    );
    expect(code, err).toBe(0);
    expect(last.valley).toBeGreaterThan(1e-7);
    expect(last.steep).toBeLessThan(10);
    const { points } = JSON.parse(readFileSync(join(at('rated'), 'learning-rate.json'), 'utf8'));
    expect(out.split('\n').filter((line) => line.includes('"type":"learningRate"'))).toHaveLength(points.length);
    expect(readFileSync(join(at('rated'), 'learning-rate.svg'), 'utf8')).toMatch(/^<svg[\s\S]*valley/);
  });
});

describe('attune train --search', () => {
  const searchIn = (output: string, ...more: string[]) =>
    attune(
      'train',
      ...['--model', at('base'), '--train', at('few.csv'), '--eval', at('few.csv'), '--output', at(output)],
      ...['--max-length', '16', '--batch-size', '8', '--max-steps', '6', ...more],
    );
  const space = ['--search', 'lora.r=2,4', '--search', 'learningRate=1e-5,1e-2'];

  it('trains all a little and the best to the end, and does nothing twice', async () => {
    const { code, last, err, out } = await searchIn('searched', ...space);
    expect(code, err).toBe(0);
    const rungs = JSON.parse(readFileSync(join(at('searched'), 'search.json'), 'utf8')).rungs;
    expect(rungs.map(({ share }: { share: number }) => share)).toEqual([...Array(4).fill(1 / 3), 1]);
    expect(last).toMatchObject({ metric: 'accuracy', rungs });
    expect(readFileSync(join(at('searched'), 'search.svg'), 'utf8')).toMatch(/^<svg[\s\S]*lora\.r=2/);
    const predicted = await attune('predict', '--model', String(last.model), '--text', 'good cat');
    expect(predicted.code, predicted.err).toBe(0);
    const steps = (text: string) => text.split('\n').filter((line) => line.includes('"type":"step"')).length;
    expect(steps(out)).toBe(4 * 2 + 4);
    const again = await searchIn('searched', ...space);
    expect([again.last.best, steps(again.out)]).toEqual([last.best, 0]);
    const other = await searchIn('searched', ...space, '--seed', '1');
    expect([other.code, other.last.code]).toEqual([2, 'E_OUTPUT_EXISTS']);
  });

  it.each([
    ['a path that there is not', ['--search', 'lora.rank=2,4'], /--search lora\.rank is no setting|rank: is no option/],
    ['a value that it cannot have', ['--search', 'learningRate=1e-4,-1'], /learningRate/],
    ['no values', ['--search', 'lora.r'], /needs values behind it/],
  ])('refuses %s', async (_, more, message) => {
    const { code, last } = await searchIn('refused-search', ...more);
    expect([code, last.code, last.message]).toEqual([2, 'E_CONFIG', expect.stringMatching(message)]);
  });
});
