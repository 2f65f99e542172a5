/** `attune compare`: methods side by side on a table, with reports and a recommendation. */
import { readFileSync } from 'node:fs';
import { nodeStorage } from '@attune/hub/node';
import { loadModel } from '@attune/models';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;

const table = (count: number) =>
  [
    'text,label',
    ...Array.from(
      { length: count },
      (_, index) => `the ${index % 2 ? 'cat sat' : 'dog ran'},${index % 2 ? 'cat' : 'dog'}`,
    ),
  ].join('\n');
const compare = (...args: string[]) =>
  runCommand(['compare', '--train', at('train.csv'), '--test', at('test.csv'), '--json', ...args]);

/** Of the lines, in their order. */
const typesOf = (out: string): readonly unknown[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).type);

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('base')));
  const masked = await loadModel(nodeStorage(at('base')), { task: 'masked-language-modeling' });
  await masked.save(nodeStorage(at('masked')));
  file('train.csv', table(12));
  file('test.csv', table(6));
});
afterAll(() => folder.remove());

describe('attune compare', () => {
  it('compares, recommends, and goes on with further methods in the same directory', async () => {
    const first = await compare('--methods', 'tf-idf', '--shots', '2,all', '--output', at('compared'));
    expect(first).toMatchObject({ code: 0, last: { type: 'result', recommended: 'tf-idf' } });
    const model = ['--model', at('base'), '--threads', '1', '--max-length', '16'];
    expect(await compare('--methods', 'tf-idf,head', ...model, '--output', at('compared'))).toMatchObject({
      code: 2,
      last: {
        code: 'E_OUTPUT_EXISTS',
        message: expect.stringContaining('model was not given; maxLength was not given'),
      },
    });
    file('general.txt', 'the cat sat on the mat\n');
    model.push('--general', at('general.txt'));
    const methods = ['--methods', 'head,lora', '--shots', 'all', ...model, '--output', at('tuned')];
    const { code, last, out } = await compare(...methods);
    const forgettingUnknown = expect.stringContaining('has no head of a language model');
    expect([code, last]).toEqual([0, expect.objectContaining({ leftOut: [], forgettingUnknown })]);
    expect(last.results).toEqual(
      ['head', 'lora'].map((method) =>
        expect.objectContaining({
          method,
          shots: 'all',
          seed: 0,
          accuracy: expect.any(Number),
          seconds: expect.any(Number),
        }),
      ),
    );
    expect(typesOf(out)).toEqual(['plan', 'run', 'result', 'run', 'result', 'warning', 'result']);
    expect([first.last.model, last.model]).toEqual([at('compared/model'), at('tuned/model')]);
    for (const model of [at('compared/model'), at('tuned/model')]) {
      const asked = ['predict', '--model', model, '--text', 'the cat sat', '--backend', 'reference', '--json'];
      expect(await runCommand(asked)).toMatchObject({ code: 0, last: { label: expect.stringMatching(/^(cat|dog)$/) } });
    }
    const ask = async () => {
      const asked = ['predict', '--model', at('tuned/model'), '--text', 'the cat sat', '--threads', '1', '--json'];
      const [first, second] = JSON.parse((await runCommand(asked)).out).labels;
      return Math.log(first.probability / second.probability);
    };
    const margin = await ask();
    file('doubtful.csv', 'text,label\nthe cat sat,cat\nthe cat sat,dog\nthe dog ran,dog\n');
    const judged = ['--data', at('doubtful.csv'), '--threads', '1', '--json'];
    const calibrated = await runCommand(['evaluate', '--model', at('tuned/model'), ...judged, '--calibrate']);
    const { temperature, calibrationError } = JSON.parse(calibrated.out);
    expect([calibrated.code, calibrationError]).toEqual([0, { before: expect.any(Number), after: expect.any(Number) }]);
    expect(await ask()).toBeCloseTo(margin / temperature, 3);
    expect(readFileSync(at('tuned/report.html'), 'utf8')).toContain('<svg');
    expect(readFileSync(at('tuned/report.md'), 'utf8')).toContain('| lora | all |');
    const again = await compare(...methods);
    expect(typesOf(again.out)).toEqual(['plan', 'warning', 'result']);
    expect(again.last.results).toEqual(last.results);
  });

  it.each([
    ['an unknown method', ['--methods', 'tfidf'], { code: 'E_CONFIG', hint: 'Did you mean "tf-idf"?' }],
    ['no model for a method that needs one', ['--methods', 'full'], { code: 'E_CONFIG', field: 'model' }],
    ['general data that are not there', ['--general', at('none.txt'), '--model', at('base')], { code: 'E_DATA' }],
    ['labels of no file', ['--general-labels', 'kind'], { code: 'E_CONFIG', field: 'generalLabels' }],
    ['more shots than there are', ['--shots', '9'], { code: 'E_DATA_LABELS', field: 'shots' }],
    ['what is no number of shots', ['--shots', 'many'], { code: 'E_CONFIG', field: 'shots' }],
    ['a column that is not there', ['--text-column', 'txet'], { code: 'E_DATA_COLUMN', hint: 'Did you mean "text"?' }],
  ])('refuses %s', async (_, args, error) => {
    expect(await compare('--output', at('refused'), ...args)).toMatchObject({ code: 2, last: error });
  });
});

describe('attune train that keeps what the model knew', () => {
  const train = (model: string, ...more: string[]) => {
    const all = ['train', '--model', at(model), '--train', at('train.csv'), '--output', at('kept'), ...more];
    return runCommand([...all, '--threads', '1', '--max-length', '16', '--dry-run', '--json']);
  };
  const withFiles = (args: readonly string[]) => args.map((arg) => (/\.csv$/.test(arg) ? at(arg) : arg));

  it.each([
    ['ewc', ['--strategy', 'ewc', '--general', 'train.csv', '--set', 'ewc.strength=3', '--set', 'ewc.examples=4']],
    ['lwf', ['--strategy', 'lwf', '--set', 'lwf.alpha=0.5', '--set', 'lwf.temperature=3']],
    ['replay under LoRA', ['--replay', 'train.csv', '--replay-share', '0.5']],
  ])('takes %s', async (_, args) => {
    expect(await train('masked', ...withFiles(args))).toMatchObject({ code: 0, last: { dryRun: true, examples: 12 } });
  });

  const [ewc, lwf] = [
    ['--strategy', 'ewc', '--general', 'train.csv'],
    ['--strategy', 'lwf'],
  ];
  it.each([
    ['no data of before', 'masked', ['--strategy', 'ewc'], { field: 'general' }],
    ['a model without its head', 'base', ewc, { field: 'general' }],
    ['a wrong option', 'masked', [...ewc, '--set', 'ewc.strength=-1'], {}],
    ['lwf of a model without a head', 'base', lwf, { field: 'model' }],
    ['a wrong option of lwf', 'masked', [...lwf, '--set', 'lwf.temperature=0'], {}],
    ['replay by a model without a head', 'base', ['--replay', 'train.csv'], { field: 'model' }],
    [
      'replay by a model without a classifier',
      'masked',
      ['--replay', 'train.csv', '--replay-labels', 'label'],
      { field: 'model' },
    ],
    ['a share of no file', 'masked', ['--replay-share', '0.5'], { field: 'replayShare' }],
    ['labels of no file', 'masked', ['--replay-labels', 'label'], { field: 'replayLabels' }],
    ['a share of everything', 'masked', ['--replay', 'train.csv', '--replay-share', '1'], { field: 'replayShare' }],
    [
      'smaller batches of two tasks',
      'masked',
      ['--replay', 'train.csv', '--auto-find-batch-size'],
      { field: 'autoFindBatchSize' },
    ],
  ])('refuses %s', async (_, model, args, error) => {
    expect(await train(model, ...withFiles(args))).toMatchObject({ code: 2, last: { code: 'E_CONFIG', ...error } });
  });
});
