import { inMemory, MemoryStorage, openWeights, readJson, writeFile, writeJson, writeWeights } from '@attune/hub';
import { type HostTensor, hostTensor } from '@attune/ir';
import { describe, expect, test } from 'vitest';
import { loadModel } from './load.js';
import { sequenceClassification } from './loaders.js';
import { tinyBert, tinyVocabulary, writeTinyBert } from './testing/tiny-bert.js';

const configured = (fields: Readonly<Record<string, unknown>>) => writeTinyBert(new MemoryStorage('model'), fields);
const file = 'model/config.json';

describe('T10: config.json', () => {
  test.each<[string, unknown, RegExp]>([
    ['a gap', { 0: 'a', 2: 'b' }, /2 names, but none for the id 1/],
    ['no first id', { 1: 'a', 2: 'b' }, /none for the id 0/],
    ['a name twice', { 0: 'a', 1: 'b', 2: 'a' }, /the name "a" for the ids 0 and 2/],
    ['a number for a name', { 0: 'a', 1: 5 }, /has 5 for the id 1, where a text is wanted/],
    ['null for a name', { 0: null, 1: 'a' }, /has null for the id 0/],
    ['an id that is no number', { 0: 'a', one: 'b' }, /none for the id 1/],
    ['an id with a zero in front', { 0: 'a', '01': 'b' }, /none for the id 1/],
    ['a list', ['a', 'b'], /no object of names/],
    ['a text', 'a', /no object of names/],
  ])('id2label with %s', async (_, id2label, message) => {
    const loading = loadModel(await configured({ id2label }), { task: 'sequence-classification' });
    await expect(loading).rejects.toMatchObject({
      code: 'E_CONFIG',
      file,
      field: 'id2label',
      message: expect.stringMatching(message),
    });
  });

  test('an activation that there is not', async () => {
    const loading = loadModel(await configured({ hidden_act: 'geluu' }), { task: 'sequence-classification' });
    await expect(loading).rejects.toMatchObject({
      code: 'E_MODEL_UNSUPPORTED',
      file,
      field: 'hidden_act',
      hint: 'Did you mean "gelu"?',
      message: expect.stringMatching(/config\.json: hidden_act is "geluu"/),
    });
  });
});

describe('field 41: sizes that the weights do not have end before anything is traced', () => {
  test.each<[string, unknown, string]>([
    ['num_hidden_layers', 1e9, 'E_WEIGHTS_MISMATCH'],
    ['num_hidden_layers', 1, 'E_WEIGHTS_MISMATCH'],
    ['vocab_size', 1e9, 'E_WEIGHTS_MISMATCH'],
    ['max_position_embeddings', 2 ** 53 - 1, 'E_WEIGHTS_MISMATCH'],
    ['type_vocab_size', 1e9, 'E_WEIGHTS_MISMATCH'],
    ['hidden_size', 2e9, 'E_WEIGHTS_MISMATCH'],
    ['intermediate_size', 1e12, 'E_WEIGHTS_MISMATCH'],
    ['num_attention_heads', 1e9, 'E_CONFIG'],
    ['num_hidden_layers', 1e300, 'E_CONFIG'],
    ['pad_token_id', 1e9, 'E_CONFIG'],
    ['num_labels', 1e8, 'E_CONFIG'],
  ])('%s %d', async (field, value, code) => {
    const loading = loadModel(await configured({ [field]: value }), { task: 'sequence-classification' });
    await expect(loading).rejects.toMatchObject({ code, file, field });
  });

  test('layers that the weights have none of', async () => {
    const storage = await configured({ num_hidden_layers: 1e9 });
    await writeWeights(storage, inMemory(new Map([['embeddings.LayerNorm.weight', hostTensor([1], [1])]])));
    await expect(loadModel(storage, { task: 'feature-extraction' })).rejects.toMatchObject({
      code: 'E_WEIGHTS_MISMATCH',
      field: 'num_hidden_layers',
    });
  });
});

test.each([
  ['audit F13: config.json 20,000 deep', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
  ['audit F7: config.json of 17 MB', `"${'x'.repeat(17 * 2 ** 20)}"`],
])('%s is refused before training', async (_, value) => {
  const storage = await configured({ extra: 0 });
  const text = new TextDecoder().decode(await storage.read('config.json'));
  await writeFile(storage, 'config.json', text.replace('"extra": 0', `"extra": ${value}`));
  const loading = loadModel(storage, { task: 'sequence-classification' });
  await expect(loading).rejects.toMatchObject({ code: 'E_FILE_JSON', file });
});

test('field 18: tensors of no model are left alone, with one line that lists them', async () => {
  const storage = await configured({});
  const source = await openWeights(storage);
  const tensors = new Map<string, HostTensor>();
  for (const name of source.names) tensors.set(name, await source.read(name));
  for (const name of ['loss_fct.weight', 'logit_scale', 'ema.decay']) tensors.set(name, hostTensor([1], [1]));
  await writeWeights(storage, inMemory(tensors));
  const { warnings } = await loadModel(storage, { task: 'feature-extraction' });
  expect(warnings).toEqual([
    'model/model.safetensors: left alone, as no bert has them: ema.decay, logit_scale, loss_fct.weight',
  ]);
  expect((await loadModel(await configured({}), { task: 'feature-extraction' })).warnings).toEqual([]);
});

test('T10: weights of integers are listed, ten of them', async () => {
  const storage = await tinyBert();
  const source = await openWeights(storage);
  const tensors = new Map<string, HostTensor>();
  for (const name of source.names) {
    const { type, data } = await source.read(name);
    const isMistyped = /encoder\..*weight$/.test(name);
    tensors.set(name, isMistyped ? hostTensor(type.shape, Int32Array.from(data), 'i32') : { type, data });
  }
  await writeWeights(storage, inMemory(tensors));
  const error = await loadModel(storage, { task: 'feature-extraction' }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'E_WEIGHTS_MISMATCH', field: expect.stringMatching(/^encoder\./) });
  expect(String(error)).toMatch(/has no floating numbers: (encoder\.[a-z0-9A-Z_.]+ is I32(, )?){10} and 6 more/);
});

describe('T10: a tokenizer with tokens that the model does not have', () => {
  const size = Object.keys(tinyVocabulary).length;

  test.each<[string, (tokenizer: Record<string, unknown>) => void, string]>([
    [
      'in its vocabulary',
      (tokenizer) => {
        tokenizer.model = { ...Object(tokenizer.model), vocab: { ...tinyVocabulary, beyond: size, further: size + 7 } };
      },
      'model.vocab',
    ],
    [
      'added',
      (tokenizer) => {
        const added = { content: '<new>', single_word: false, lstrip: false, rstrip: false, normalized: false };
        tokenizer.added_tokens = [{ ...added, id: size, special: true }];
      },
      'added_tokens[0]',
    ],
  ])('%s', async (_, change, field) => {
    const storage = await writeTinyBert(new MemoryStorage('model'));
    const tokenizer = { ...Object(await readJson(storage, 'tokenizer.json')) };
    change(tokenizer);
    await writeJson(storage, 'tokenizer.json', tokenizer);
    await expect(sequenceClassification(storage)).rejects.toMatchObject({
      code: 'E_TOKENIZER',
      file: 'model/tokenizer.json',
      field,
      message: expect.stringContaining(`${size}`),
    });
  });
});
