import { onnx } from '@attune/backend-onnx';
import { Learner } from '@attune/core';
import { traceForward } from '@attune/core/internal';
import { inMemory, MemoryStorage, openWeights, writeJson, writeWeights } from '@attune/hub';
import { type HostTensor, hostTensor, interpret, tensorType } from '@attune/ir';
import { full } from '@attune/strategies';
import { describe, expect, test } from 'vitest';
import { loadModel } from '../load.js';
import { causalLanguageModel } from '../loaders.js';
import { tinyAwdLstmConfig, writeTinyAwdLstm } from '../testing/tiny-awd-lstm.js';

const task = 'causal-language-modeling';
const backend = onnx({ threads: 1 });

/** The tensors of a directory, renamed or dropped. */
async function withNames(rename: (name: string) => readonly string[], fields = {}): Promise<MemoryStorage> {
  const stored = await openWeights(await writeTinyAwdLstm(new MemoryStorage(), fields));
  const tensors: [string, HostTensor][] = [];
  for (const name of stored.names) for (const own of rename(name)) tensors.push([own, await stored.read(name)]);
  const target = new MemoryStorage('renamed');
  await writeWeights(target, inMemory(new Map(tensors)));
  await writeJson(target, 'config.json', { ...tinyAwdLstmConfig, ...fields });
  return target;
}

const numbersOf = (weights: ReadonlyMap<string, HostTensor>) =>
  Object.fromEntries([...weights].map(([name, { data }]) => [name, [...data]]));

describe('the files of an AWD-LSTM', () => {
  const names = [
    '0.encoder.weight',
    ...[0, 1, 2].flatMap((layer) =>
      ['weight_hh_l0', 'weight_ih_l0', 'bias_ih_l0', 'bias_hh_l0'].map((name) => `0.rnns.${layer}.module.${name}`),
    ),
    '1.decoder.bias',
  ];

  test('have fastai’s names, out and in', async () => {
    const storage = await writeTinyAwdLstm(new MemoryStorage());
    expect([...(await openWeights(storage)).names].sort()).toEqual([...names].sort());
    const { weights, created, warnings } = await loadModel(storage, { task });
    expect([...weights.keys()].sort()).toEqual([...names].sort());
    expect([created, warnings]).toEqual([[], []]);
  });

  test('of fastai itself hold raw weights beside copies with dropout, and a tied decoder', async () => {
    const plain = await loadModel(await writeTinyAwdLstm(new MemoryStorage()), { task });
    const storage = await withNames((name) => {
      if (name === '0.encoder.weight') return [name, '0.encoder_dp.emb.weight', '1.decoder.weight'];
      return name.endsWith('weight_hh_l0') ? [name.replace('module.weight_hh_l0', 'weight_hh_l0_raw')] : [name];
    });
    const copies = await openWeights(storage);
    const tensors = new Map<string, HostTensor>();
    for (const name of copies.names) {
      const tensor = await copies.read(name);
      tensors.set(name, tensor);
      const dropped = { ...tensor, data: tensor.data.map(() => 0) };
      if (name.endsWith('_raw')) tensors.set(name.replace('weight_hh_l0_raw', 'module.weight_hh_l0'), dropped);
    }
    await writeWeights(storage, inMemory(tensors));
    const loaded = await loadModel(storage, { task });
    expect(numbersOf(loaded.weights)).toEqual(numbersOf(plain.weights));
    expect(loaded.warnings).toEqual([]);
  });

  test('of an encoder alone get a new decoder', async () => {
    const storage = await withNames((name) => (name.startsWith('0.') ? [name.slice(2)] : []));
    expect((await loadModel(storage, { task })).created).toEqual(['1.decoder.bias']);
  });

  test('an untied decoder has its own weight', async () => {
    const storage = await writeTinyAwdLstm(new MemoryStorage(), { tie_weights: false, out_bias: false });
    const { weights } = await loadModel(storage, { task });
    expect(weights.get('1.decoder.weight')?.type.shape).toEqual([tinyAwdLstmConfig.vocab_size, 12]);
    expect(weights.has('1.decoder.bias')).toBe(false);
  });

  test.each([
    [
      { n_hid: 21 },
      { code: 'E_WEIGHTS_MISMATCH', message: expect.stringContaining('n_hid is 21, the weights have 20') },
    ],
    [{ n_layers: 2 }, { code: 'E_WEIGHTS_MISMATCH', message: expect.stringContaining('n_layers is 2') }],
    [{ bidir: true }, { code: 'E_CONFIG', field: 'bidir' }],
    [{ weight_p: 1 }, { code: 'E_CONFIG', field: 'weight_p' }],
  ])('%j does not fit', async (fields, problem) => {
    const storage = await writeTinyAwdLstm(new MemoryStorage());
    await writeJson(storage, 'config.json', { ...tinyAwdLstmConfig, ...fields });
    await expect(loadModel(storage, { task })).rejects.toMatchObject(problem);
  });

  test('a text cannot be filled in where words are masked, and there is no span of an answer', async () => {
    const storage = await writeTinyAwdLstm(new MemoryStorage());
    for (const other of ['masked-language-modeling', 'question-answering'])
      await expect(loadModel(storage, { task: other })).rejects.toMatchObject({ code: 'E_MODEL_UNSUPPORTED' });
  });
});

describe('dropout in training', () => {
  const rates = { output_p: 0, hidden_p: 0, input_p: 0, embed_p: 0, weight_p: 0 };

  /** An output in training, for two equal rows. */
  async function outputsOf(fields: Readonly<Record<string, number>>, name: string, ids = [7, 7, 7, 7]) {
    const storage = await writeTinyAwdLstm(new MemoryStorage(), { ...rates, ...fields });
    const { model, weights } = await loadModel(storage, { task, outputHiddenStates: true });
    const type = tensorType([2, ids.length], 'i32');
    const batch = { inputIds: type, attentionMask: type };
    const { program } = traceForward({ model, batch, training: true });
    const given = new Map<string, HostTensor>([
      ...weights,
      ['batch/inputIds', hostTensor(type.shape, [...ids, ...ids], 'i32')],
      ['batch/attentionMask', hostTensor(type.shape, new Array(2 * ids.length).fill(1), 'i32')],
      ['key', hostTensor([2], [3, 5], 'u32')],
    ]);
    const inputs = program.inputs.map((port) => given.get(port.name)!);
    const found = interpret(program, inputs)[program.outputs.findIndex((port) => port.name === name)]!;
    return { ...found, hasKey: program.inputs.some((port) => port.name === 'key') };
  }

  const rows = ({ data }: HostTensor, width: number) =>
    Array.from({ length: data.length / width }, (_, index) => [...data.slice(index * width, (index + 1) * width)]);

  test('none of it needs a key', async () => {
    expect((await outputsOf({}, 'logits')).hasKey).toBe(false);
    expect((await outputsOf({ output_p: 0.5, weight_p: 0.5, dropout: 0 }, 'logits')).hasKey).toBe(false);
  });

  test('before the decoder has one mask for all tokens of a row, and another for the next row', async () => {
    const [last, dropped] = [
      await outputsOf({ output_p: 0.5 }, 'lastHiddenState'),
      await outputsOf({ output_p: 0.5 }, 'droppedHiddenState'),
    ];
    const masks = rows(dropped, 12).map((each, index) =>
      each.map((x, at) => Math.round(x / rows(last, 12)[index]![at]!)),
    );
    expect(masks[0]).toContain(0);
    expect(masks[0]).toContain(2);
    for (const [index, mask] of masks.entries()) expect(mask).toEqual(masks[index < 4 ? 0 : 4]);
    expect(masks[4]).not.toEqual(masks[0]);
  });

  test('of words drops all places of a word at once', async () => {
    const ids = [7, 8, 7, 9, 8, 10, 11, 12, 13, 7];
    const vectors = rows(await outputsOf({ embed_p: 0.5 }, 'hiddenStates.0', ids), 12);
    const isDropped = vectors.map((vector) => vector.every((x) => x === 0));
    expect(new Set(isDropped)).toEqual(new Set([true, false]));
    for (const [place, word] of ids.entries()) {
      expect(isDropped[place]).toBe(isDropped[ids.indexOf(word)]);
      expect(isDropped[place + ids.length]).toBe(isDropped[place]);
    }
  });

  test('of the weights between steps leaves the first step alone', async () => {
    const [plain, dropped] = [
      await outputsOf({}, 'hiddenStates.1'),
      await outputsOf({ weight_p: 0.5 }, 'hiddenStates.1'),
    ];
    const first = rows(plain, 20)[0];
    expect(rows(dropped, 20)[0]).toEqual(first);
    expect(rows(dropped, 20)[1]).not.toEqual(rows(plain, 20)[1]);
  });
});

describe('texts of an AWD-LSTM', () => {
  test('token by token are those of one pass, whatever else is in the batch', async () => {
    const model = await causalLanguageModel(await writeTinyAwdLstm(new MemoryStorage()));
    await using learner = await Learner.open({ model, strategy: full(), backend });
    const prompts = [[7, 9, 11], [5], [8, 8, 21, 14, 30, 12, 6]];
    const texts: number[][] = prompts.map(() => []);
    for await (const { tokens } of learner.generate(prompts, { maxNewTokens: 6 }))
      for (const [row, token] of tokens.entries()) texts[row]!.push(token!);
    for (const [row, prompt] of prompts.entries()) {
      const expected: number[] = [];
      for (let step = 0; step < 6; step++) {
        const ids = [...prompt, ...expected];
        const attentionMask = hostTensor([1, ids.length], new Array(ids.length).fill(1), 'i32');
        const outputs = await learner.outputs({ inputIds: hostTensor([1, ids.length], ids, 'i32'), attentionMask });
        const scores = [...outputs.get('logits')!.data].slice(-tinyAwdLstmConfig.vocab_size);
        expected.push(scores.indexOf(Math.max(...scores)));
      }
      expect(texts[row]).toEqual(expected);
    }
    expect(new Set(texts.flat()).size).toBeGreaterThan(2);
  });
});
