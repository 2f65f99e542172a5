import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { stripVTControlCharacters } from 'node:util';
import { LOCK } from '@attune/core';
import { nodeStorage } from '@attune/hub/node';
import { AttuneError } from '@attune/ir';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { aliases } from './aliases.js';
import { chosenStrategy } from './commands/chosen-strategy.js';
import { trainOptions } from './commands/train-settings.js';
import type { ConfigFile } from './config-file.js';
import { allOptions } from './program.js';
import { runFieldOf, withFlagsOfFields } from './run-fields.js';
import { readSettings } from './settings.js';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
const commands = ['train', 'evaluate', 'predict', 'embed', 'merge', 'export', 'inspect', 'backends', 'doctor'];

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('model')));
  file('train.csv', 'text,label\nthe cat,cat\nthe dog,dog\n');
});
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
      `"error --modle is no option, did you mean --model?; --sede is no option, did you mean --seed?; --model is needed; --train is needed; /wrong.json:1:3: epochs is "3"; a number is needed; --learning-rate is "fast"; a number is needed; --optimizer is "adamm"; it takes adamw, adamw_torch, adam, nadam, radam, adamax, lamb, sgd, adagrad, adadelta, rmsprop, adafactor, adafactor_torch, lion, muon, did you mean adamw?; --batch-size is -1; it must be more than 0; --output is needed; /wrong.json:1:18: stratgy is no option, did you mean strategy?; /wrong.json:1:37: topK is 0; it must be more than 0. (E_CONFIG)"`,
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
    const wanted = { epochs: 3, batchSize: 16, optimizer: 'sgd', lrScheduler: 'cosine' };
    const none = { values: {}, file: undefined };
    const read = (flags: Readonly<Record<string, unknown>>, config: ConfigFile = none) =>
      readSettings(trainOptions, allOptions, { flags, unknown: [], config }, 'train');
    expect(read({ ...required, ...values })).toMatchObject(wanted);
    const fields = { ...values, numTrainEpochs: 3, perDeviceTrainBatchSize: 16 };
    expect(read(required, { values: fields, file: 'attune.config.json' })).toMatchObject(wanted);
    // A flag wins over the file, whichever of the names either has.
    expect(read({ ...required, epochs: '5' }, { values: fields, file: 'c.json' })).toMatchObject({ epochs: 5 });
    const words = ['--num_train_epochs=0', '--per-device-eval-batch-size', '0', '--optim', 'adamm'];
    const { err } = await runCommand(['train', ...words]);
    for (const flag of ['--epochs is 0', '--eval-batch-size is 0', '--optimizer is "adamm"'])
      expect(err).toContain(flag);
  });

  it('an option under both of its names is an error', async () => {
    const flags = await runCommand(['train', '--json', '--epochs', '3', '--num-train-epochs', '3']);
    expect([flags.code, flags.last.message]).toEqual([
      2,
      expect.stringContaining('--num-train-epochs is --epochs; give it once'),
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
    expect(words).toContain('(one of full, head, lora');
    expect(words).toContain('(one of error, skip; default: error)');
    expect(words).toContain('(default: 8)');
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
  expect(chosenStrategy(settings).options).toMatchObject({ targetModules: wanted });
});

describe('T14 config-hostile', () => {
  it.each([
    ['a key twice', '{ "epochs": 1, "seed": 2,\n "epochs": 3 }', 'epochs', /json:2:2: .*"epochs" twice/],
    ['a key twice by an escape', '{ "epochs": 1, "\\u0065pochs": 3 }', 'epochs', /json:1:16: .*"epochs" twice/],
    ['null', '{\n  "seed": 1,\n  "epochs": null }', 'epochs', /json:3:3: epochs is null/],
    ['__proto__', '{ "__proto__": { "epochs": 1 } }', '__proto__', /json:1:3: __proto__ is no option/],
    ['constructor', '{ "constructor": { "prototype": { "x": 1 } } }', 'constructor', /constructor is no option/],
    ['extends', '{ "seed": 1,\n"extends": "https://example.org/c.json" }', 'extends', /json:2:1: extends is no option/],
    ['nesting', `{ "seed": ${'['.repeat(10_000)}`, undefined, /json:1:30: the file is nested too deeply/],
    ['a long key', `{ "${'epochs'.repeat(100_000)}": 1 }`, 'epochs'.repeat(100_000), /^.{1,300}$/],
    ['null in place of options', 'null', undefined, /holds null; an object/],
    ['a text in place of options', '"epochs"', undefined, /holds "epochs"; an object/],
    ['a list in place of options', '[]', undefined, /holds a list; an object/],
    ['an end too early', '{\n', undefined, /json:2:1: the file is not valid JSON: close brace expected\.$/],
    ['a comma too many', '{ "a": [1, 2,} }', undefined, /json:1:14: the file is not valid JSON: value expected\.$/],
    ['a comment', '{ // seed\n }', undefined, /json:1:3: the file is not valid JSON: invalid comment token\.$/],
    ['nothing', '', undefined, /json:1:1: the file is not valid JSON: value expected\.$/],
  ])('%s', async (_, content, field, message) => {
    const { code, last } = await withConfig('hostile.json', content, 'doctor', '--json');
    expect(code).toBe(2);
    expect(last).toMatchObject({ code: 'E_CONFIG', file: at('hostile.json'), message: expect.stringMatching(message) });
    expect(last.field).toBe(field);
  });

  it('audit L5, L6, T14: what is no file of text, and 50 MB, in no time', async () => {
    writeFileSync(at('latin.json'), Buffer.from('{ "textColumn": "caf\xe9" }', 'latin1'));
    writeFileSync(at('large.json'), '{ "seed": 1 }');
    truncateSync(at('large.json'), 50e6);
    mkdirSync(at('directory.json'));
    execFileSync('mkfifo', [at('pipe.json'), at('pipe.ts')]);
    const found: unknown[] = [];
    for (const name of ['latin.json', 'large.json', 'directory.json', 'pipe.json', 'pipe.ts']) {
      const { code, last } = await runCommand(['doctor', '--json', '--config', at(name)]);
      expect([code, last.code, last.file]).toEqual([2, 'E_CONFIG', at(name)]);
      found.push(String(last.message).replace(`${folder.path}/`, ''));
    }
    expect(found).toEqual([
      'latin.json is not valid UTF-8.',
      'large.json has 50000000 bytes; a config file has at most 1048576.',
      'directory.json is not a regular file.',
      'pipe.json is not a regular file.',
      'pipe.ts is not a regular file.',
    ]);
  });

  it('T14 config-hostile: as many unknown keys as fit are counted, and the first are named', async () => {
    const keys = Array.from({ length: 40_000 }, (_, index) => `"learningRat${index}": 1`);
    const { code, last } = await withConfig('keys.json', `{ ${keys.join(', ')} }`, 'doctor', '--json');
    expect([code, last.message]).toEqual([
      2,
      expect.stringMatching(/learningRat0 is no option, .*; and 39980 more\.$/),
    ]);
  });

  it('T14 config-hostile: nothing is fetched for a config that wants to extend another', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('no network'));
    for (const source of ['https://example.org/config.json', 'gh:someone/config', 'npm:config']) {
      for (const [name, content] of [
        ['extending.json', JSON.stringify({ extends: source })],
        ['extending.ts', `export default { extends: '${source}' }`],
      ] as const) {
        const { code, last } = await withConfig(name, content, 'doctor', '--json');
        expect([code, last.message]).toEqual([2, expect.stringContaining('extends is no option')]);
      }
    }
    expect(fetched).not.toHaveBeenCalled();
    fetched.mockRestore();
  });

  it.each([
    ['null', 'export default null', /holds null/],
    ['a null value', 'export default { epochs: null }', /epochs is null/],
    ['a prototype', 'export default { __proto__: { epochs: 1 } }', /__proto__ is no option/],
    ['extends', 'export default { extends: "gh:someone/config" }', /extends is no option/],
  ])('a script that exports %s', async (_, content, message) => {
    const { code, last } = await withConfig('hostile.ts', content, 'doctor', '--json');
    expect(code).toBe(2);
    expect(last.message).toMatch(message);
  });

  it('a file that is missing, and one of another kind', async () => {
    const { err } = await runCommand(['doctor', '--config', at('nothing.json')]);
    expect(err).toContain(`There is no config file ${at('nothing.json')}. (E_CONFIG)`);
    expect((await withConfig('attune.yaml', 'epochs: 1', 'doctor')).err).toContain('must end in .json, .ts or .js');
  });

  it('a script sets options, and --json may come from a file', async () => {
    const { code, last } = await withConfig(
      'good.ts',
      'export default { json: true as boolean, epochs: 2 }',
      'backends',
    );
    expect([code, last.type]).toEqual([0, 'result']);
  });
});

describe('scripts', () => {
  const home = process.cwd();
  const temporary = process.env.TMPDIR;
  const project = (name: string) => {
    mkdirSync(at(`${name}/tmp`), { recursive: true });
    writeFileSync(
      at(`${name}/attune.config.ts`),
      `import { writeFileSync } from 'node:fs'; writeFileSync('ran', ''); export default { epochs: 'x' as string };`,
    );
    process.chdir(at(name));
    process.env.TMPDIR = at(`${name}/tmp`);
  };
  afterEach(() => {
    process.chdir(home);
    if (temporary === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = temporary;
  });

  it('audit F4: nothing is left in the temporary directory or beside the script, and nothing is taken from there', async () => {
    project('cached');
    for (const times of [1, 2]) {
      const { code, last } = await runCommand(['train', '--json']);
      expect([code, last.message], `${times}`).toEqual([2, expect.stringContaining('attune.config.ts: epochs is "x"')]);
    }
    expect(readdirSync(at('cached'), { recursive: true }).sort()).toEqual(['attune.config.ts', 'ran', 'tmp']);
  });

  it('audit F16: only train runs a script that lies in the working directory; others say so and leave it alone', async () => {
    project('foreign');
    for (const command of ['inspect', 'evaluate', 'predict', 'merge', 'export']) {
      const { err } = await runCommand([command]);
      expect(err).toContain('attune.config.ts was not run');
    }
    expect(existsSync('ran')).toBe(false);
    await runCommand(['inspect', '--config', 'attune.config.ts']);
    expect(existsSync('ran')).toBe(true);
  });
});

describe('T13 config-typo: --dry-run finds what the run would refuse, and so does the run before it tokenizes', () => {
  const train = (...more: string[]) =>
    runCommand([
      ...['train', '--model', at('model'), '--train', at('train.csv'), '--max-length', '8', '--threads', '1'],
      ...['--json', ...more],
    ]);

  it.each([
    ['the best model without evaluations', ['--load-best-model-at-end'], 'E_CONFIG', 'loadBestModelAtEnd'],
    ['early stopping without evaluations', ['--early-stopping-patience', '1'], 'E_CONFIG', 'earlyStoppingPatience'],
    ['layers that are not there', ['--target-modules', 'nothing'], 'E_STRATEGY', 'targetModules'],
    ['a metric that is not there', ['--metric-for-best-model', 'nothing'], 'E_CONFIG', 'metricForBestModel'],
    ['another run', ['--output', 'OTHER'], 'E_OUTPUT_EXISTS', undefined],
    ['a file for a directory', ['--output', 'FILE'], 'E_OUTPUT_EXISTS', 'output'],
  ])('%s', async (_, options, code, field) => {
    file('taken.txt', '');
    const places: Readonly<Record<string, string>> = { OTHER: folder.path, FILE: at('taken.txt') };
    const args = ['--output', at('never'), ...options.map((each) => places[each] ?? each)];
    for (const end of [await train(...args, '--dry-run'), await train(...args)]) {
      expect(end.code).toBe(2);
      expect(end.last).toMatchObject({ type: 'error', code, ...(field ? { field } : {}) });
    }
    const [option] = options;
    if (code === 'E_CONFIG') expect((await train(...args)).last.message).toContain(option);
  });

  it('labels that training does not have and settings of another run are found before anything is tokenized', async () => {
    const rows = (count: number) => Array.from({ length: count }, (_, row) => `the cat ${row},${row % 2}`).join('\n');
    const long = file('long.csv', `text,label\n${rows(1500)}\n`);
    const unseen = file('unseen.csv', 'text,label\nthe cat,0\nthe dog,2\n');
    const args = [
      ...['train', '--model', at('model'), '--train', long, '--output', at('begun'), '--max-length', '8'],
      ...['--batch-size', '4', '--max-steps', '1', '--threads', '1'],
    ];
    for (const more of [[], ['--dry-run']]) {
      const { code, err } = await runCommand([...args, '--eval', unseen, ...more]);
      expect([code, err]).toEqual([2, expect.stringMatching(/unseen\.csv:3.* has the label "2"/)]);
      expect(err).not.toContain('tokenized');
    }
    expect(await runCommand(args)).toMatchObject({ code: 0, err: expect.stringContaining('tokenized 1000 of 1500') });
    for (const more of [[], ['--dry-run']]) {
      const { code, err } = await runCommand([...args, '--resume', '--seed', '1', '--lora-r', '2', ...more]);
      expect([code, err]).toEqual([
        2,
        expect.stringMatching(/--seed: 0 before, 1 now; --strategy: .*E_RESUME_MISMATCH/),
      ]);
      expect(err).not.toContain('tokenized');
    }
  });

  it('T25 two-writers: a directory where another run works, which is left as it is', async () => {
    const storage = nodeStorage(at('held'));
    const unlock = await storage.lock(LOCK);
    for (const more of [['--dry-run'], []]) {
      const { code, last } = await train('--output', at('held'), ...more);
      expect([code, last.code, last.message]).toEqual([3, 'E_LOCKED', expect.stringContaining(String(process.pid))]);
    }
    expect(readdirSync(at('held'))).toEqual([LOCK]);
    await unlock();
    expect((await train('--output', at('held'), '--dry-run')).code).toBe(0);
    expect(readdirSync(at('held'))).toEqual([]);
  });

  it('writes nothing where all is well', async () => {
    const { code, last } = await train('--output', at('dry'), '--dry-run');
    expect([code, last.dryRun]).toEqual([0, true]);
    expect(await nodeStorage(folder.path).exists('dry')).toBe(false);
  });

  it('hints are in the spelling of the command', async () => {
    const bad = file('bad.csv', 'text,label\nthe cat,cat\nthe dog,\n');
    const { last } = await train('--train', bad, '--output', at('dry'), '--dry-run');
    expect(last).toMatchObject({ code: 'E_DATA_ROWS', hint: expect.stringContaining('--on-bad-row skip') });
  });
});
