/** What a JSON schema allows next, of a byte-level tokenizer whose tokens are single bytes and a few words. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryStorage } from './memory-storage.js';
import { type JsonSchemaGrammar, jsonSchemaGrammar } from './node-json-schema.js';
import { writeFile } from './storage.js';

const END = 0;
const tokens = ['</s>', ...'{}[]":,.-0123456789abcdefmnlorstuyĠ', 'true', '":'];
const storage = new MemoryStorage('model');
const text = (ids: readonly number[]) => ids.map((id) => tokens[id]).join('');
const places = (allowed: Int32Array | undefined, of = tokens) =>
  of.flatMap((token, id) => (((allowed?.[id >> 5] ?? 0) >>> (id & 31)) & 1 ? [token] : []));

beforeAll(async () => {
  const special = { id: END, content: '</s>', special: true, single_word: false, lstrip: false, rstrip: false };
  const definition = {
    added_tokens: [{ ...special, normalized: false }],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    decoder: { type: 'ByteLevel' },
    post_processor: null,
    model: { type: 'BPE', vocab: Object.fromEntries(tokens.map((token, id) => [token, id])), merges: ['" :'] },
  };
  await writeFile(storage, 'tokenizer.json', JSON.stringify(definition));
  await writeFile(storage, 'config.json', JSON.stringify({ model_type: 'llama', vocab_size: tokens.length }));
});

/** A text that takes the first token that is allowed, by a preference. */
async function follow(grammar: JsonSchemaGrammar, prefers: readonly string[] = [], ends = [END]): Promise<string> {
  using state = grammar.begin(ends);
  const ids: number[] = [];
  for (let step = 0; step < 60; step++) {
    const found = places(await state.next(ids));
    if (found.length === 0) break;
    const token = ['}', ...prefers].find((each) => found.includes(each)) ?? found.at(-1)!;
    if (token === '</s>') break;
    ids.push(tokens.indexOf(token));
  }
  return text(ids);
}

const properties = { tasty: { type: 'boolean' }, sort: { enum: ['a', 'b'] }, sum: { type: 'integer' } };
const schema = { type: 'object', properties, required: ['tasty', 'sort', 'sum'] };

describe('a text by a schema', () => {
  let grammar: JsonSchemaGrammar;
  beforeAll(async () => {
    grammar = await jsonSchemaGrammar(storage, schema);
  });
  afterAll(() => grammar[Symbol.dispose]());

  it('follows it, whatever is preferred', async () => {
    const written = await Promise.all(
      [
        ['2', '}'],
        ['true', 'b', '7', ','],
        ['f', '"', '-'],
      ].map((each) => follow(grammar, each)),
    );
    const parsed = written.map((each) => JSON.parse(each.replaceAll('Ġ', ' ')));
    for (const each of parsed) {
      expect(Object.keys(each)).toEqual(['tasty', 'sort', 'sum']);
      expect([typeof each.tasty, Number.isInteger(each.sum)]).toEqual(['boolean', true]);
    }
    expect(parsed.map(({ sort }) => sort)).toContain('b');
  });

  it('may end only where it is whole', async () => {
    using state = grammar.begin([END]);
    expect(places(await state.next([]))).toEqual(['{']);
    const number = await jsonSchemaGrammar(storage, { type: 'integer' });
    using digits = number.begin([END]);
    expect(places(await digits.next([]))).not.toContain('</s>');
    expect(places(await digits.next([tokens.indexOf('7')]))).toContain('</s>');
    number[Symbol.dispose]();
  });

  it('is over when nothing but its end may come', async () => {
    using state = grammar.begin([END]);
    const ids = [...'{"tasty":Ġfalse,Ġ"sort":Ġ"a",Ġ"sum":Ġ3}'].map((letter) => tokens.indexOf(letter));
    expect(await state.next(ids.slice(0, -1))).toBeInstanceOf(Int32Array);
    expect(await state.next(ids)).toBeUndefined();
    expect(JSON.parse((await follow(grammar, [], [])).replaceAll('Ġ', ' '))).toHaveProperty('tasty');
  });
});

it('a tokenizer of SentencePiece spells spaces and bytes in its way', async () => {
  const own = ['<unk>', '</s>', '▁', '{', '}', '<0x22>', 'a', '":', '▁1', '<0x32>'];
  const files = new MemoryStorage('pieces');
  const special = { content: '</s>', special: true, single_word: false, lstrip: false, rstrip: false };
  const definition = {
    added_tokens: [{ ...special, id: 1, normalized: false }],
    decoder: { type: 'Sequence', decoders: [{ type: 'ByteFallback' }, { type: 'Fuse' }] },
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(own.map((token, id) => [token, id])),
      merges: [],
      byte_fallback: true,
    },
  };
  await writeFile(files, 'tokenizer.json', JSON.stringify(definition));
  using grammar = await jsonSchemaGrammar(files, {
    properties: { a: { enum: [1, 2] } },
    required: ['a'],
    type: 'object',
  });
  using state = grammar.begin([1]);
  const ids = ['{', '<0x22>', 'a', '":'].map((token) => own.indexOf(token));
  expect(places(await state.next(ids), own)).toEqual(['▁', '▁1']);
  expect(places(await state.next([...ids, own.indexOf('▁')]), own)).toEqual(['<0x32>']);
  expect(places(await state.next([...ids, own.indexOf('▁'), 9]), own)).toEqual(['}']);
});

describe('a schema that is refused', () => {
  const nested = (depth: number) =>
    Array.from({ length: depth }).reduce<object>((items) => ({ type: 'array', items }), {});
  it.each<[string, unknown, RegExp]>([
    ['no object', [1], /is not an object/],
    ['an unknown type', { type: 'nothing' }, /cannot be used: Unsupported type "nothing"/],
    ['a pattern that is malformed', { type: 'string', pattern: '(a' }, /cannot be used: .*parenthesis is not closed/],
    [
      'one that lies elsewhere',
      { items: { $ref: 'https://example.com/x.json' } },
      /refers to https:.*, outside of itself/,
    ],
    ['a keyword that would be ignored', { properties: { not: { not: {} } } }, /has "not", which texts cannot/],
    ['several at once', { allOf: [{}, {}] }, /"allOf" with several/],
    ['bounds of fractions', { items: { type: 'number', minimum: 0.5 } }, /"minimum" for another type than integer/],
    ['one without a text', { $ref: '#' }, /no token of the model may come next/],
    ['deep nesting', nested(100), /nests more than 64/],
    ['a long one', { description: 'x'.repeat(70_000) }, /has 700\d\d characters; 65536 are allowed/],
    ['a pattern that explodes', { type: 'string', pattern: '((a{1,999}){1,999}){1,999}' }, /takes longer than 700 ms/],
  ])('%s', async (_, given, message) => {
    const attempt = async () => {
      const budgetMilliseconds = message.source.includes('700 ms') ? 700 : undefined;
      using grammar = await jsonSchemaGrammar(storage, given, { budgetMilliseconds });
      const written = await follow(grammar);
      return written;
    };
    await expect(attempt()).rejects.toMatchObject({ code: 'E_SCHEMA', message: expect.stringMatching(message) });
  });

  it('for a tokenizer whose tokens do not spell bytes', async () => {
    const words = new MemoryStorage('words');
    const model = { type: 'WordLevel', vocab: { a: 0, b: 1 }, unk_token: 'a' };
    await writeFile(words, 'tokenizer.json', JSON.stringify({ model, added_tokens: [], decoder: null }));
    await writeFile(words, 'config.json', JSON.stringify({ vocab_size: 2 }));
    await expect(jsonSchemaGrammar(words, {})).rejects.toMatchObject({ code: 'E_MODEL_UNSUPPORTED', field: 'decoder' });
  });
});
