/** `attune embed`: vectors as sentence-transformers makes them. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { openSafetensors } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { sharedPath, skipsGolden } from '@attune/hub/testing/python';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, runPiped, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
const embed = (...args: string[]) => runCommand(['embed', '--threads', '1', ...args]);
const numbers = (value: unknown): readonly number[] => (Array.isArray(value) ? value.map(Number) : []);
const length = (values: readonly number[]) => Math.hypot(...values);
const distance = (one: readonly number[], other: readonly number[]) =>
  Math.max(...one.map((value, index) => Math.abs(value - other[index]!)));

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('base')));
  file('train.csv', 'text,label\nthe cat,cat\nthe dog,dog\n');
  const { code } = await runCommand([
    ...['train', '--model', at('base'), '--train', at('train.csv'), '--output', at('adapter'), '--threads', '1'],
    ...['--max-length', '16', '--max-steps', '2', '--learning-rate', '0.1', '--strategy', 'lora'],
  ]);
  expect(code).toBe(0);
  expect((await runCommand(['merge', '--model', at('adapter'), '--output', at('merged')])).code).toBe(0);
});
afterAll(() => folder.remove());

describe.skipIf(skipsGolden)('attune embed with a published model', () => {
  it("gives sentence-transformers' vectors", async () => {
    const golden = sharedPath('golden/real/minilm-embed');
    const { sentences } = JSON.parse(readFileSync(`${golden}/meta.json`, 'utf8'));
    const expected = await (await openSafetensors(nodeStorage(golden), 'expected.safetensors')).readFloat('embeddings');
    const width = expected.type.shape[1]!;
    const texts: readonly string[] = sentences;
    const wanted = texts.flatMap((text, index) => {
      return text === '' ? [] : [Array.from(expected.data.subarray(index * width, (index + 1) * width), Number)];
    });
    const data = file(
      'sentences.jsonl',
      texts
        .filter((text) => text !== '')
        .map((text) => JSON.stringify({ text }))
        .join('\n'),
    );
    const { code, out } = await embed(
      '--model',
      sharedPath('models/all-minilm-l6-v2'),
      '--data',
      data,
      '--max-length',
      '128',
    );
    expect(code).toBe(0);
    const found = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(found.map(({ row }) => row)).toEqual(wanted.map((_, index) => index + 1));
    for (const [index, { embedding }] of found.entries()) {
      expect(distance(numbers(embedding), wanted[index]!), `sentence ${index}`).toBeLessThan(2e-5);
    }
  });
});

describe('attune embed', () => {
  const single = async (model: string, ...more: string[]) =>
    numbers((await embed('--model', at(model), '--text', 'the cat sat', '--json', ...more)).last.embedding);

  it('vectors have the length 1, or their own', async () => {
    const [unit, own] = [await single('base'), await single('base', '--no-normalize')];
    expect(length(unit)).toBeCloseTo(1, 5);
    expect(
      distance(
        unit,
        own.map((value) => value / length(own)),
      ),
    ).toBeLessThan(1e-6);
    expect(length(own)).not.toBeCloseTo(1, 2);
  });

  it('of an adapter as of the model that it merges to, which is not its base', async () => {
    const [adapter, merged, base] = [await single('adapter'), await single('merged'), await single('base')];
    expect(distance(adapter, merged)).toBeLessThan(1e-5);
    expect(distance(adapter, base)).toBeGreaterThan(1e-3);
  });

  it('pools as the directory says, or as it is told', async () => {
    cpSync(at('base'), at('first'), { recursive: true });
    const pooling = (fields: object) => {
      mkdirSync(at('first/1_Pooling'), { recursive: true });
      writeFileSync(at('first/1_Pooling/config.json'), JSON.stringify(fields));
    };
    pooling({ pooling_mode_cls_token: true, pooling_mode_mean_tokens: false });
    const [told, said, mean] = [await single('base', '--pooling', 'cls'), await single('first'), await single('base')];
    expect(distance(told, said)).toBe(0);
    expect(distance(told, mean)).toBeGreaterThan(1e-3);
    expect(distance(await single('first', '--pooling', 'mean'), mean)).toBe(0);
    pooling({ pooling_mode_max_tokens: true });
    const { code, last } = await embed('--model', at('first'), '--text', 'x', '--json');
    expect([code, last.code]).toEqual([2, 'E_MODEL_UNSUPPORTED']);
  });

  it('writes CSV with the columns of the input, and counts what was skipped', async () => {
    const data = file('rows.csv', 'id,text\n7,the cat\n8,\n9,the dog\n');
    const args = ['--model', at('base'), '--data', data, '--on-bad-row', 'skip', '--output', at('vectors.csv')];
    const { code, last } = await embed(...args, '--keep-columns', '--json');
    expect([code, last]).toMatchObject([0, { answered: 2, failed: 0, skipped: 1 }]);
    const rows: Record<string, string>[] = parse(readFileSync(at('vectors.csv')), { columns: true });
    expect(rows).toMatchObject([
      { row: '2', id: '7', text: 'the cat' },
      { row: '4', id: '9', text: 'the dog' },
    ]);
    const vector = Object.entries(rows[0] ?? {}).flatMap(([name, value]) =>
      name.startsWith('embedding_') ? [Number(value)] : [],
    );
    expect(length(vector)).toBeCloseTo(1, 5);
  });

  it('reads from a pipe and writes JSON Lines', async () => {
    const { out } = await runPiped('the cat sat\nthe dog\n', ['embed', '--model', at('base'), '--threads', '1']);
    const [first, second, ...more] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect([first, second, more]).toMatchObject([{ row: 1, text: 'the cat sat' }, { row: 2 }, []]);
    expect(distance(numbers(first.embedding), await single('base'))).toBeLessThan(1e-5);
  });
});
