/** Field 3: what `attune train` chooses if nobody says how to train. */
import { nodeStorage } from '@attune/hub/node';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand, type TestFolder, testFolder } from './testing/run-command.js';

let folder: TestFolder;
let model: string;
let data: string;

const animals = ['cat', 'dog'];
const places = ['bonn', 'Paris'];
/** 210 rows, each text once: animals and places after a number of words. */
const table = (): string => ['text,label', ...Array.from({ length: 210 }, (_, row) => line(row))].join('\n');

function line(row: number): string {
  const [words, label] = row % 2 === 0 ? [animals, 'animal'] : [places, 'place'];
  const filler = Array.from(row.toString(2), (bit) => (bit === '1' ? 'the' : 'is')).join(' ');
  return `${filler} ${words[Math.floor(row / 2) % 2]},${label}`;
}

beforeAll(async () => {
  folder = testFolder();
  model = folder.at('model');
  await writeTinyBert(nodeStorage(model));
  data = folder.file('train.csv', table());
});

afterAll(() => folder.remove());

const train = (output: string, ...more: string[]) =>
  runCommand(['train', '--model', model, '--train', data, '--output', folder.at(output), ...more]);
const eventsOf = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((each) => JSON.parse(each));

describe('field 3: defaults that learn', () => {
  test('with no options beside the files the model learns, and a part of the rows judges it', async () => {
    const { code, out, last } = await train('plain', '--strategy', 'full', '--json');
    expect(code).toBe(0);
    const [recipe] = eventsOf(out).filter(({ type }) => type === 'recipe');
    expect(recipe).toMatchObject({ examples: 189, heldOut: 21, arguments: { perDeviceTrainBatchSize: 16 } });
    expect(recipe.chosen).toEqual(expect.arrayContaining(['learningRate', 'numTrainEpochs', 'holdOutShare']));
    expect(last).toMatchObject({ metrics: { accuracy: 1 } });
    const resumed = await train('plain', '--strategy', 'full', '--json', '--resume');
    expect(resumed.code).toBe(0);
    expect(eventsOf(resumed.out).filter(({ type }) => type === 'step')).toEqual([]);
    expect(resumed.last.metrics).toEqual(last.metrics);
  });

  test('one line says what was chosen, and every part can be set', async () => {
    const own = ['--learning-rate', '1e-3', '--epochs', '1', '--batch-size', '64', '--warmup-ratio', '0'];
    const { code, out, err } = await train('own', '--strategy', 'head', ...own, '--hold-out-share', '0.5');
    expect(code).toBe(0);
    expect(err).toContain('learning rate 0.001, 1 epoch, batches of 64, the last model');
    expect(err).toContain('105 of 210 examples are held out for evaluation');
    expect(out).toMatch(/next:\n {2}(npx )?attune predict --model \S+own --text "…"\n {2}(npx )?attune export/);
  });

  test('--hold-out-share 0 trains on every row', async () => {
    const { out } = await train('all', '--hold-out-share', '0', '--max-steps', '1', '--json');
    expect(eventsOf(out).filter(({ type }) => type === 'recipe')).toMatchObject([{ examples: 210, heldOut: 0 }]);
  });
});

describe('audit F3: --resume with another --metric-for-best-model', () => {
  const resumed = (output: string, ...more: string[]) =>
    train(output, '--strategy', 'head', '--epochs', '2', '--hold-out-share', '0.2', '--json', ...more);

  test('is refused if evaluations decide, and goes on if that is allowed', async () => {
    const best = ['--load-best-model-at-end', '--metric-for-best-model'];
    expect((await resumed('best', ...best, 'accuracy')).code).toBe(0);
    const { code, last } = await resumed('best', ...best, 'macroF1', '--resume');
    expect([code, last.code, last.message]).toEqual([
      2,
      'E_RESUME_MISMATCH',
      expect.stringContaining('--metric-for-best-model: "accuracy" before, "macroF1" now'),
    ]);
    const allowed = await resumed('best', ...best, 'macroF1', '--resume', '--allow-change', 'metric-for-best-model');
    expect([allowed.code, allowed.out]).toEqual([0, expect.stringContaining('are by another measure')]);
  });

  test('changes nothing if they do not', async () => {
    const { last } = await resumed('last', '--metric-for-best-model', 'accuracy');
    const { code, last: again } = await resumed('last', '--metric-for-best-model', 'macroF1', '--resume');
    expect([code, again.metrics]).toEqual([0, last.metrics]);
  });
});

test('what is to be known of the model is told once, in training and by --dry-run', async () => {
  const trained = ['--strategy', 'head', '--max-steps', '1'];
  expect((await train('first', ...trained)).code).toBe(0);
  const other = folder.file('other.csv', table().replaceAll('animal', 'pet'));
  const again = ['train', '--model', folder.at('first'), '--train', other, '--output', folder.at('second'), ...trained];
  for (const more of [['--dry-run'], ['--dry-run', '--json'], ['--json']]) {
    const { out, err } = await runCommand([...again, ...more]);
    expect(`${out}${err}`.match(/gives way to a new one/g), more.join(' ')).toHaveLength(1);
  }
});
