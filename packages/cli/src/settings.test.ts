import { availableParallelism } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { AttuneError } from '@attune/ir';
import { afterAll, describe, expect, it } from 'vitest';
import { aliases } from './aliases.js';
import { chosenStrategies } from './commands/chosen-strategies.js';
import { trainOptions } from './commands/train-settings.js';
import type { ConfigFile } from './config-file.js';
import { allOptions } from './program.js';
import { runFieldOf, withFlagsOfFields } from './run-fields.js';
import { readSettings } from './settings.js';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
const commands = [
  'train',
  'evaluate',
  'predict',
  'embed',
  'generate',
  'merge',
  'export',
  'inspect',
  'backends',
  'doctor',
];

afterAll(() => folder.remove());

const withConfig = (name: string, content: string, ...args: string[]) =>
  runCommand([...args, '--config', file(name, content)]);

/** Every word that one letter more, less, other or swapped makes of a word. */
function mutations(word: string): readonly string[] {
  const places = Array.from(word, (_, index) => index);
  return places.flatMap((index) => {
    const [before, letter = '', after] = [word.slice(0, index), word[index], word.slice(index + 1)];
    const next = after.slice(0, 1);
    const other = letter === 'q' ? 'z' : 'q';
    return [
      before + after,
      `${before}q${letter}${after}`,
      before + other + after,
      before + next + letter + after.slice(1),
    ];
  });
}

describe('T13 config-typo', () => {
  it('every option with one letter changed is detected, at whichever command', () => {
    const names = Object.keys(allOptions);
    const taken = [...names, ...Object.keys(aliases)];
    for (const name of names) {
      for (const typo of mutations(name).filter((each) => each !== '' && !taken.includes(each))) {
        const given = { flags: {}, unknown: [], config: { values: { [typo]: 1 }, file: 'attune.config.json' } };
        expect(() => readSettings({}, allOptions, given, 'doctor'), typo).toThrow(
          expect.objectContaining({ code: 'E_CONFIG', field: typo, file: 'attune.config.json' }),
        );
      }
    }
  });

  it.each(commands)('attune %s refuses an unknown name in a config file, with the nearest', async (command) => {
    const { code, last } = await withConfig('typo.json', '{ "json": true, "learningRat": 1 }', command);
    expect(code).toBe(2);
    expect(last).toMatchObject({ type: 'error', code: 'E_CONFIG' });
    expect(last.message).toContain('typo.json:1:17: learningRat is no option, did you mean learningRate?');
  });

  it('all problems are reported at once, flags as flags and fields as fields', async () => {
    const { code, err, last } = await withConfig(
      'wrong.json',
      '{ "epochs": "3", "stratgy": "lora", "topK": 0 }',
      ...['train', '--modle', 'x', '--learning-rate', 'fast', '--batch-size', '-1', '--sede=1', '--optimizer', 'adamm'],
    );
    expect([code, last]).toEqual([2, {}]);
    const message = stripVTControlCharacters(err).split('\n')[0]!.replaceAll(folder.path, '');
    expect(message).toMatchInlineSnapshot(
      `"error --modle is no option, did you mean --model?; --sede is no option, did you mean --seed?; --model is needed; --train is needed; --learning-rate is "fast"; a number is needed; /wrong.json:1:3: epochs is "3"; a number is needed; --batch-size is -1; it must be more than 0; --optimizer is "adamm"; it takes adamw, adamw_torch, adam, nadam, radam, adamax, lamb, sgd, adagrad, adadelta, rmsprop, adafactor, adafactor_torch, lion, muon, did you mean adamw?; --output is needed; /wrong.json:1:18: stratgy is no option, did you mean strategy?; /wrong.json:1:37: topK is 0; it must be more than 0. (E_CONFIG)"`,
    );
    expect(err.split('\n')[1]).toContain('attune train --help lists the options.');
  });

  it('a flag at the end without its value is reported with the others, and once', async () => {
    const { code, last } = await runCommand(['train', '--json', '--modle', 'x', '--epochs', '0', '--output']);
    expect([code, last.message, last.field]).toEqual([
      2,
      '--modle is no option, did you mean --model?; --output needs a value; --model is needed; --train is needed; --epochs is 0; it must be more than 0.',
      '--modle',
    ]);
    const alone = await runCommand(['inspect', at('model'), '--json', '--config']);
    expect([alone.code, alone.last.message]).toEqual([2, '--config needs a value.']);
    expect((await runCommand(['doctor', '--threads'])).err).toContain('--threads is no option');
  });

  it('a missing option is named as it is given', async () => {
    expect((await runCommand(['train'])).err).toContain('--model is needed; --train is needed; --output is needed');
    expect((await runCommand(['inspect'])).err).toContain('PATH is needed');
    expect((await runCommand(['train'])).err).not.toContain('hint');
  });

  it('more threads than cores', async () => {
    const cores = availableParallelism();
    const { code, err } = await runCommand(['predict', '--model', 'x', '--threads', String(cores + 1)]);
    expect(code).toBe(2);
    expect(err).toContain(`--threads is ${cores + 1}; this machine has ${cores} cores`);
  });

  it('what stands nowhere, an unknown command and none', async () => {
    expect((await runCommand(['inspect', 'a', 'b', '--json'])).last.message).toBe('"b" belongs to no option.');
    expect(await runCommand(['trian', '--json'])).toMatchObject({ code: 2, last: { code: 'E_CONFIG' } });
    expect((await runCommand([])).code).toBe(2);
  });
});

describe('field 37: names that people know', () => {
  it.each([
    [['train', '--lr', '1'], '--lr is no option; it is called --learning-rate here (peak learning rate'],
    [['train', '--batch', '4'], '--batch is no option; it is called --batch-size here'],
    [['train', '--num-epochs=3'], '--num-epochs is no option; it is called --epochs here'],
    [['train', '--num_epochs', '3'], '--num_epochs is no option; it is called --epochs here'],
    [['train', '--data', 'x'], '--data is no option; it is called --train here'],
    [['predict', '--file', 'x'], '--file is no option; it is called --data here'],
    [['train', '--learning-rat', '1'], '--learning-rat is no option, did you mean --learning-rate?'],
    [['train', '--per-device-train-batchsize', '1'], 'did you mean --per-device-train-batch-size?'],
    [['train', '--task', 'ner'], '--task is "ner"; it is called token-classification here'],
    [['train', '--task', 'NER'], '--task is "NER"; it is called token-classification here'],
    [['train', '--strategy', 'linear-probe'], '--strategy is "linear-probe"; it is called head here'],
    [['predict', '--backend', 'cuda'], '--backend is "cuda"; it is called tfjs:node-gpu here'],
  ])('%j', async (args, message) => {
    const { code, err } = await runCommand(args);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    // Not the names of all options.
    expect(err.length).toBeLessThan(600);
  });

  it('a config file gets the same hints', async () => {
    const { last } = await withConfig('known.json', '{ "lr": 1, "task": "ner" }', 'train', '--json');
    expect(last.message).toContain('known.json:1:3: lr is no option; it is called learningRate here (peak learning');
    expect(last.message).toContain('known.json:1:12: task is "ner"; it is called token-classification here');
  });

  it("transformers' names are taken, on the command line in both spellings and in config files", async () => {
    const values = { numTrainEpochs: '3', perDeviceTrainBatchSize: '16', optim: 'sgd', lrSchedulerType: 'cosine' };
    const required = { model: 'm', train: 't', output: 'o' };
    const wanted = { numTrainEpochs: 3, perDeviceTrainBatchSize: 16, optim: 'sgd', lrSchedulerType: 'cosine' };
    const none = { values: {}, file: undefined };
    const read = (flags: Readonly<Record<string, unknown>>, config: ConfigFile = none) =>
      readSettings(trainOptions, allOptions, { flags, unknown: [], config }, 'train');
    expect(read({ ...required, ...values })).toMatchObject(wanted);
    const fields = { ...values, numTrainEpochs: 3, perDeviceTrainBatchSize: 16 };
    expect(read(required, { values: fields, file: 'attune.config.json' })).toMatchObject(wanted);
    // A flag wins over the file, whichever of the names either has.
    expect(read({ ...required, epochs: '5' }, { values: fields, file: 'c.json' })).toMatchObject({ numTrainEpochs: 5 });
    const words = ['--num_train_epochs=0', '--per-device-eval-batch-size', '0', '--optim', 'adamm'];
    const { err } = await runCommand(['train', ...words]);
    for (const flag of ['--epochs is 0', '--eval-batch-size is 0', '--optimizer is "adamm"'])
      expect(err).toContain(flag);
  });

  it('an option under both of its names is an error', async () => {
    const flags = await runCommand(['train', '--json', '--epochs', '3', '--num-train-epochs', '3']);
    expect([flags.code, flags.last.message]).toEqual([
      2,
      expect.stringContaining('--epochs is --num-train-epochs; give it once'),
    ]);
    const both = await withConfig('both.json', '{ "optim": "adamw",\n "optimizer": "adamw" }', 'doctor', '--json');
    expect([both.code, both.last.message]).toEqual([
      2,
      expect.stringMatching(/json:1:3: optim is .*json:2:2: optimizer; give it once/),
    ]);
  });

  it.each(['bert-base-uncased', 'google-bert/bert-base-uncased', 'all-MiniLM-L6-v2'])(
    'field 8: %s is a name of the hub',
    async (name) => {
      const { code, last } = await runCommand(['predict', '--model', name, '--text', 'x', '--json']);
      expect([code, last.code, last.message]).toEqual([
        2,
        'E_FILE_MISSING',
        expect.stringContaining('from directories'),
      ]);
      expect(last.hint).toContain(`huggingface-cli download ${name} --local-dir models/${name.split('/').at(-1)}`);
    },
  );

  it.each(['./bert', '../models/bert', '/models/bert', 'models/bert/deep'])('field 8: %s is a path', async (name) => {
    const { last } = await runCommand(['predict', '--model', name, '--text', 'x', '--json']);
    expect([last.message, last.hint]).toEqual([`There is no directory ${name}.`, undefined]);
  });
});

describe('field 36: --help', () => {
  const help = async (command: string) => (await runCommand([command, '--help'])).out;

  it('of train: what is needed comes first, then groups, with choices, defaults and examples', async () => {
    const out = await help('train');
    const headings = [...out.matchAll(/^([A-Z][A-Za-z ]+):/gm)].map(([, heading]) => heading);
    expect(headings).toEqual([
      ...[
        'Usage',
        'Required',
        'Data',
        'Model and strategy',
        'Optimization',
        'Evaluation and saving',
        'Run',
        'Examples',
      ],
    ]);
    const [, required = ''] = /Required:\n([\s\S]*?)\n\n/.exec(out) ?? [];
    expect([...required.matchAll(/--[a-z]+/g)].map(([flag]) => flag)).toEqual(['--model', '--train', '--output']);
    const words = out.replace(/\s+/g, ' ');
    expect(words).toMatch(/\(one of full, head, [a-z0-9, -]*lora, /);
    expect(words).toContain('(one of error, skip; default: error)');
    expect(words).toContain('(default: 64)');
    expect(out.match(/^ {2}attune train /gm)).toHaveLength(3);
    expect(out).not.toContain('--num-train-epochs');
  });

  it('of every command: each option stands in a group of its own kind', async () => {
    for (const command of commands) {
      const out = await help(command);
      expect(out, command).toMatch(/^Run:$/m);
      expect(out, command).not.toMatch(/^Options:$/m);
      if (!['backends', 'doctor'].includes(command)) expect(out, command).toMatch(/^Examples?:\n {2}.*attune /m);
    }
  });
});

describe('field 38: names of settings in resumed runs', () => {
  it.each([
    ['--learning-rate', 'learningRate'],
    ['learning-rate', 'learningRate'],
    ['learningRate', 'learningRate'],
    ['epochs', 'numTrainEpochs'],
    ['--batch-size', 'perDeviceTrainBatchSize'],
    ['num_train_epochs', 'numTrainEpochs'],
    ['lora-r', 'strategy'],
    ['train', 'data'],
    ['data', 'data'],
  ])('--allow-change %s means %s', (name, field) => expect(runFieldOf(name)).toBe(field));

  it('messages and hints have flags', () => {
    const list = 'numTrainEpochs: 3 before, 5 now; optim: "adamw" before, "sgd" now; data: "a" before, "b" now';
    const error = new AttuneError('E_RESUME_MISMATCH', `The checkpoint belongs to another run: ${list}.`, {
      fields: ['numTrainEpochs', 'optim', 'data'],
      hint: 'Start a new run, or allow the change (--allow-change numTrainEpochs,optim,data).',
    });
    const { message, hint } = withFlagsOfFields(error, trainOptions);
    expect(message).toContain(
      'run: --epochs: 3 before, 5 now; --optimizer: "adamw" before, "sgd" now; data: "a" before',
    );
    expect(hint).toContain('(--allow-change epochs,optimizer,data)');
  });
});

it('field 39: options of training that only code could give', () => {
  const flags = {
    ...{ model: 'm', train: 't', output: 'o', warmupSteps: '10', adamBeta1: '0.8', adamEpsilon: '1e-6' },
    ...{ optimArgs: 'momentum=0.9,nesterov=true', lrSchedulerKwargs: '{"power": 2}', greaterIsBetter: 'false' },
  };
  const given = { flags, unknown: [], config: { values: { emaDecay: 0.99 }, file: 'attune.config.json' } };
  expect(readSettings(trainOptions, allOptions, given, 'train')).toMatchObject({
    ...{ warmupSteps: 10, adamBeta1: 0.8, adamEpsilon: 1e-6, optimArgs: { momentum: 0.9, nesterov: true } },
    ...{ lrSchedulerKwargs: { power: 2 }, greaterIsBetter: false, emaDecay: 0.99 },
  });
  const wrong = { flags: { ...flags, optimArgs: 'momentum' }, unknown: [], config: { values: {}, file: undefined } };
  expect(() => readSettings(trainOptions, allOptions, wrong, 'train')).toThrow(
    '--optim-args is "momentum"; a list of name=value, or JSON, is needed.',
  );
});

it.each([
  ['all-linear', 'all-linear'],
  ['query, key', ['query', 'key']],
  [
    ['query', 'key'],
    ['query', 'key'],
  ],
  ['encoder.layer.0.attention.self.query', ['encoder.layer.0.attention.self.query']],
  ['(?:[a-z_]+\\.)+(query|key)', '(?:[a-z_]+\\.)+(query|key)'],
  ['.*layer\\.[0-3]\\..*(query,key){0,1}', '.*layer\\.[0-3]\\..*(query,key){0,1}'],
])('field 39: --target-modules %j', (targetModules, wanted) => {
  const flags = { model: 'm', train: 't', output: 'o', targetModules };
  const settings = readSettings(
    trainOptions,
    allOptions,
    { flags, unknown: [], config: { values: {}, file: undefined } },
    'train',
  );
  expect(chosenStrategies(settings)[0]?.options).toMatchObject({ targetModules: wanted });
});
