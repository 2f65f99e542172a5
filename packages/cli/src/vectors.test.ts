/** `attune vectors`: training, asking and converting word vectors. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
const vectors = (...args: string[]) => runCommand(['vectors', ...args, '--json']);

beforeAll(() => {
  file(
    'texts.txt',
    Array.from({ length: 40 }, (_, index) => `the ${index % 2 ? 'cat sat' : 'dog ran'} there`).join('\n'),
  );
  file('king.txt', 'man 1 0 0\nking 1 0 1\nwoman 0 1 0\nqueen 0 1 1\napple -1 -1 0\n');
});
afterAll(() => folder.remove());

describe('attune vectors', () => {
  it.each([
    ['skip-gram', 'a.txt'],
    ['cbow', 'a.bin'],
    ['glove', 'a.vec'],
  ])('issue 18: trains by %s, and reads what it wrote', async (method, name) => {
    const training = ['--train', at('texts.txt'), '--method', method, '--dimensions', '4', '--epochs', '1'];
    expect(await vectors('train', ...training, '--output', at(name))).toMatchObject({
      code: 0,
      last: { type: 'result', output: at(name), method, words: 6, dimensions: 4, epochs: 1 },
    });
    const { code, last } = await vectors('similar', '--vectors', at(name), '--word', 'cat', '--top', '2');
    expect([code, last.neighbours]).toEqual([0, [expect.anything(), expect.anything()]]);
    expect(await vectors('train', ...training, '--output', at(name))).toMatchObject({
      code: 2,
      last: { code: 'E_OUTPUT_EXISTS' },
    });
  });

  it('issue 18: solves an analogy, and converts to a model', async () => {
    expect(await vectors('analogy', '--vectors', at('king.txt'), '--words', 'man,king,woman')).toMatchObject({
      code: 0,
      last: { answer: 'queen' },
    });
    expect(await vectors('convert', '--vectors', at('king.txt'), '--output', at('model'))).toMatchObject({
      code: 0,
      last: { words: 5, dimensions: 3 },
    });
    expect(await runCommand(['inspect', at('model'), '--json'])).toMatchObject({ code: 0 });
  });

  it.each<[action: string, flag: string, value: string, actions: string]>([
    ['similar', '--words', 'man,king,woman', 'analogy'],
    ['analogy', '--word', 'man', 'similar'],
    ['convert', '--top', '3', 'similar, analogy'],
    ['similar', '--epochs', '3', 'train'],
    ['analogy', '--output', 'x.txt', 'train, convert'],
    ['train', '--vectors', 'king.txt', 'similar, analogy, convert'],
  ])('issue 17: %s refuses %s, which is for another action', async (action, flag, value, actions) => {
    const { code, last } = await vectors(action, flag, value);
    expect([code, last.code, last.field]).toEqual([2, 'E_CONFIG', flag.slice(2)]);
    expect(last.message).toContain(`${flag} is for attune vectors ${actions}, not for ${action}`);
  });

  it('issue 18: says what is wrong', async () => {
    writeFileSync(at('cut.bin'), Buffer.from('2 2\ncat \0\0\0\0'));
    file('width.vec', '2 2\ncat 1 2\ndog 1\n');
    const failure = async (...args: string[]) => {
      const { code, last } = await vectors(...args);
      return [code, last.code, last.message];
    };
    const ask = ['--word', 'cat'];
    expect(await failure('similar', '--vectors', at('cut.bin'), ...ask)).toEqual([
      2,
      'E_WORD_VECTORS',
      expect.stringContaining('cut.bin: word 1 of 2 has 4 bytes of values, 8 are needed'),
    ]);
    expect(await failure('similar', '--vectors', at('width.vec'), ...ask)).toEqual([
      2,
      'E_WORD_VECTORS',
      expect.stringContaining('width.vec:3 has 1 values, 2 are needed'),
    ]);
    expect(await failure('similar', '--vectors', at('king.txt'))).toEqual([
      2,
      'E_CONFIG',
      '--word is needed for attune vectors similar.',
    ]);
    expect(await failure('analogy', '--vectors', at('king.txt'), '--words', 'man,king')).toEqual([
      2,
      'E_CONFIG',
      expect.stringContaining('three words a,b,c are needed'),
    ]);
    expect(await failure('train', '--train', at('king.txt'), '--min-count', '9', '--output', at('b.txt'))).toEqual([
      2,
      'E_DATA_EMPTY',
      expect.stringContaining('occur at least 9 times'),
    ]);
  });
});
