/** What `attune train` refuses before it tokenizes or writes anything, and `--dry-run` without training. */
import { readdirSync } from 'node:fs';
import { LOCK } from '@attune/core/internal';
import { nodeStorage } from '@attune/hub/node';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('model')));
  file('train.csv', 'text,label\nthe cat,cat\nthe dog,dog\n');
});
afterAll(() => folder.remove());

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
