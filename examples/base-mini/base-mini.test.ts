import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedPath, skipsGolden } from '@attune/hub/testing/python';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sentencesOf } from './corpus.js';
import { readCurve, thinCurve, writeCurve } from './curve.js';
import { plotCurves } from './curve-plot.js';
import { evaluate } from './evaluate.js';
import { type EvaluationResult, evaluationTable, withTable } from './evaluation-table.js';
import { pretrain } from './pretrain.js';
import { readSettings } from './settings.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-base-mini-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const points = Array.from({ length: 10 }, (_, index) => ({ stage: 'a', step: index + 1, loss: 5 - index / 4 }));

describe('curves', () => {
  it('are written, read and thinned', () => {
    const path = join(folder, 'curve.csv');
    writeCurve(path, points);
    expect(readCurve(path)).toEqual(points);
    expect(readCurve(join(folder, 'none.csv'))).toEqual([]);
    expect(thinCurve(points, 4)).toEqual([
      { stage: 'a', step: 3, loss: 4.75 },
      { stage: 'a', step: 6, loss: 4 },
      { stage: 'a', step: 9, loss: 3.25 },
      { stage: 'a', step: 10, loss: 2.75 },
    ]);
  });

  it('are drawn', () => {
    const svg = plotCurves([...points, { stage: 'b', step: 1, loss: 1 }]);
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg).not.toContain('NaN');
  });
});

it('passages with several sentences are cut into those of four words and more', () => {
  expect(sentencesOf('One sentence is no list.')).toEqual([]);
  expect(sentencesOf('It was late. The cat sat on the mat. Nobody saw it there!')).toEqual([
    'The cat sat on the mat.',
    'Nobody saw it there!',
  ]);
});

it('the table has a mean for each task, and goes to its place in the card', () => {
  const result = (seed: number, score: number): EvaluationResult => ({
    task: 'sst2',
    model: 'base',
    seed,
    score,
    seconds: 1,
  });
  const table = evaluationTable([result(0, 0.8), result(1, 0.9)], [['base', 'the base']]);
  expect(table).toContain('| the base | 85.0 ± 7.1 |  |  |  |');
  expect(withTable('x\n<!-- evaluation -->\nold\n<!-- /evaluation -->\ny', table)).toBe(
    `x\n<!-- evaluation -->\n${table}\n<!-- /evaluation -->\ny`,
  );
});

const places = () => ({
  shared: sharedPath(''),
  work: join(folder, 'work'),
  output: join(folder, 'output'),
  curves: join(folder, 'curves'),
});

it('flags are checked', () => {
  expect(readSettings(['--steps-mlm', '7'], places()).stepsMlm).toBe(7);
  expect(() => readSettings(['--steps-mml', '7'], places())).toThrow(/steps-mml/);
  expect(() => readSettings(['--steps-mlm', 'x'], places())).toThrow();
});

describe.skipIf(skipsGolden)('the recipe, in small', () => {
  const flags = ['passages', '150', 'pieces', '600', 'teacher-texts', '24', 'steps-mlm', '3', 'steps-distill', '3'];
  const small = [...flags, 'batch-mlm', '4', 'batch-distill', '8', 'save-steps', '2', 'threads', '1'];
  const args = small.map((flag, index) => (index % 2 === 0 ? `--${flag}` : flag));
  const run = (signal: AbortSignal, log: (line: string) => void = () => {}) =>
    pretrain({ settings: readSettings(args, places()), command: 'test', signal, log });

  it('is interrupted, goes on, and gives what the record says', async () => {
    const controller = new AbortController();
    const interrupted = await run(controller.signal, (line) => {
      if (line.startsWith('masked words: 3 steps')) controller.abort(new Error('enough'));
    });
    expect(interrupted).toBeUndefined();
    const sha256 = await run(new AbortController().signal);
    const recipe: { readonly sha256: string; readonly stages: Readonly<Record<string, { readonly steps: number }>> } =
      JSON.parse(readFileSync(join(folder, 'output/recipe.json'), 'utf8'));
    expect(recipe).toMatchObject({ sha256, command: 'test', settings: { seed: 0, stepsMlm: 3 } });
    expect(Object.values(recipe.stages).map(({ steps }) => steps)).toEqual([3, 3]);
    expect(readCurve(join(folder, 'curves/loss.csv'))).toHaveLength(6);
    expect(await run(new AbortController().signal)).toBe(sha256);
  }, 240_000);

  it('is evaluated, and what is done is not done again', async () => {
    const options = {
      base: join(folder, 'output'),
      shared: sharedPath(''),
      results: join(folder, 'evaluation.json'),
      seeds: 1,
      models: ['from-scratch', 'base'],
      tasks: ['sst2', 'wnut17'],
      take: 16,
      threads: 1,
      signal: new AbortController().signal,
      log: () => {},
    } as const;
    const results = await evaluate(options);
    expect(results.map(({ task, model }) => `${task} ${model}`)).toEqual([
      'sst2 from-scratch',
      'sst2 base',
      'wnut17 from-scratch',
      'wnut17 base',
    ]);
    expect(results.every(({ score }) => score >= 0 && score <= 1)).toBe(true);
    expect(await evaluate(options)).toEqual(results);
  }, 240_000);
});
