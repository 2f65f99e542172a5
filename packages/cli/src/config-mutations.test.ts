/** T14: changes of attune.config.json end in settings or in a typed error, in time. */
import { writeFileSync } from 'node:fs';
import { mutatedJson } from '@attune/hub/testing/json-mutations';
import { mutationRuns, mutationTimeout, Survival } from '@attune/hub/testing/survives';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { chosenStrategies } from './commands/chosen-strategies.js';
import { trainOptions } from './commands/train-settings.js';
import { readConfigFile } from './config-file.js';
import { allOptions } from './program.js';
import { readSettings } from './settings.js';
import { testFolder } from './testing/run-command.js';

const folder = testFolder();
afterAll(() => folder.remove());

const valid = {
  model: 'models/base',
  train: 'train.csv',
  output: 'runs/one',
  textColumn: 'message',
  labelColumn: ['a', 'b'],
  strategy: [{ name: 'lora', alpha: 8 }],
  strategyOptions: { r: 4, targetModules: ['query', 'value'] },
  targetModules: '.*(query|value)',
  numTrainEpochs: 2,
  learningRate: 2e-4,
  optimArgs: { momentum: 0.9 },
  labels: ['x', 'y'],
  loadBestModelAtEnd: true,
  greaterIsBetter: true,
  allowChange: ['seed'],
  pooling: 'mean',
  threads: 1,
  json: false,
};
const own = ['lora', 'all-linear', 'epochs', 'num_train_epochs', 'seed', '1e-4', [['a']], { r: -1 }, { r: { r: 1 } }];

async function read(file: string): Promise<void> {
  const config = await readConfigFile({ named: file, runsScripts: false, note: () => {} });
  chosenStrategies(readSettings(trainOptions, allOptions, { flags: {}, unknown: [], config }, 'train'));
}

test(
  'T14 config-hostile: mutations of attune.config.json',
  async () => {
    const survival = new Survival();
    const file = folder.at('attune.config.json');
    await fc.assert(
      fc.asyncProperty(mutatedJson(valid, own), (text) => {
        writeFileSync(file, text);
        return survival.read(() => read(file));
      }),
      mutationRuns,
    );
    console.log(`mutations of attune.config.json: ${survival}`);
    expect(survival.acceptedShare).toBeGreaterThan(0.02);
    await expect(read(folder.file('valid.json', JSON.stringify(valid)))).resolves.toBeUndefined();
  },
  mutationTimeout,
);
