import { onnx } from '@attune/backend-onnx';
import {
  dpo,
  type GenerateOptions,
  GenerationSession,
  Learner,
  type TextGrammar,
  type TextOptions,
} from '@attune/core';
import { MemoryStorage } from '@attune/hub';
import { hostTensor } from '@attune/ir';
import { full, lora } from '@attune/strategies';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { causalLanguageModel, sequenceClassification, type TextWriter } from '../loaders.js';
import { streamText } from '../stream-text.js';
import { tinyBert } from '../testing/tiny-bert.js';
import { writeTinyLlama } from '../testing/tiny-llama.js';

const backend = onnx({ threads: 1 });
const prompts = [[7, 9, 11], [5], [8, 8, 21, 14, 30, 12, 6]];
let model: TextWriter;
let learner: Learner;

beforeAll(async () => {
  model = await causalLanguageModel(await writeTinyLlama(new MemoryStorage()));
  learner = await Learner.open({ model, backend });
});
afterAll(() => learner[Symbol.asyncDispose]());

/** What is written after each prompt. */
async function written(
  from: readonly (readonly number[])[],
  options: TextOptions | readonly TextOptions[],
): Promise<number[][]> {
  const texts: number[][] = from.map(() => []);
  for await (const { tokens } of learner.generate(from, options))
    for (const [row, token] of tokens.entries()) if (token !== undefined) texts[row]!.push(token);
  return texts;
}

/** The most probable next token, by a pass over the whole text without a cache. */
async function next(text: readonly number[]): Promise<number> {
  const shape = [1, text.length];
  const attentionMask = hostTensor(shape, new Int32Array(text.length).fill(1), 'i32');
  const outputs = await learner.outputs({ inputIds: hostTensor(shape, [...text], 'i32'), attentionMask });
  const scores = Array.from(outputs.get('logits')!.data).slice(-model.tokenizer.vocabularySize);
  return scores.indexOf(Math.max(...scores));
}

describe('greedy texts', () => {
  test('are those of passes without a cache, whatever else is in the batch', async () => {
    const texts = await written(prompts, { maxNewTokens: 12 });
    for (const [row, prompt] of prompts.entries()) {
      const expected: number[] = [];
      for (let step = 0; step < 12; step++) expected.push(await next([...prompt, ...expected]));
      expect(texts[row]).toEqual(expected);
      expect((await written([prompt], { maxNewTokens: 12 }))[0]).toEqual(expected);
    }
  });

  test('end at an end token, each by itself', async () => {
    const texts = await written(prompts, { maxNewTokens: 12 });
    const end = texts[0]![3]!;
    const ended = await written(prompts, { maxNewTokens: 12, eosTokenId: end });
    const cut = (text: readonly number[]) => (text.includes(end) ? text.slice(0, text.indexOf(end)) : text);
    expect(ended).toEqual(texts.map(cut));
    expect(ended[0]!.length).toBeLessThan(12);
  });

  test('T17: share their programs if the cache has a fixed length, and are the same', async () => {
    const expected = await written(prompts.slice(0, 1), { maxNewTokens: 12 });
    await written([[5, 6, 7]], { maxNewTokens: 9, maxCacheLength: 40 });
    learner.compiler.takeEvents();
    for (const length of [1, 3, 9, 16])
      await written([prompts[2]!.concat(prompts[2]!, prompts[0]!).slice(0, length)], {
        maxNewTokens: 25 - length,
        maxCacheLength: 40,
      });
    expect(await written(prompts.slice(0, 1), { maxNewTokens: 12, maxCacheLength: 40 })).toEqual(expected);
    expect(learner.compiler.takeEvents()).toEqual([]);
    for (const maxCacheLength of [15, 16, 23])
      expect(await written(prompts.slice(0, 1), { maxNewTokens: 12, maxCacheLength })).toEqual(expected);
    const one = await written([[5]], { maxNewTokens: 4 });
    expect(await written([[5]], { maxNewTokens: 4, maxCacheLength: 5 })).toEqual(one);
  });

  test('take no more of the device the longer they get, and give it back', async () => {
    const before = learner.device.memory();
    const seen: { readonly bytes: number; readonly buffers: number }[] = [];
    for await (const _ of learner.generate([[7, 9]], { maxNewTokens: 300 })) {
      const { liveBytes: bytes, bufferCount: buffers } = learner.device.memory();
      seen.push({ bytes, buffers });
    }
    expect(seen).toHaveLength(300);
    expect(new Set(seen.slice(1).map(({ buffers }) => buffers)).size).toBe(1);
    expect(new Set(seen.slice(1).map(({ bytes }) => bytes)).size).toBe(1);
    for await (const _ of learner.generate([[7, 9]], { maxNewTokens: 300 })) break;
    expect(learner.device.memory()).toMatchObject({ liveBytes: before.liveBytes, bufferCount: before.bufferCount });
  });
});

describe('texts by a grammar', () => {
  /** Two tokens by turns, as often as may be. */
  const turns = (count: number, seen: number[][] = []): TextGrammar & { live: number } => ({
    live: 0,
    begin() {
      this.live += 1;
      return {
        async next(written) {
          seen.push([...written]);
          const token = written.length % 2 === 0 ? 9 : 33;
          if (written.length === count) return undefined;
          const allowed = new Int32Array(2);
          allowed[token >> 5] = 1 << (token & 31);
          return allowed;
        },
        [Symbol.dispose]: () => {
          this.live -= 1;
        },
      };
    },
  });

  test('follow it, each by itself, beside others without one', async () => {
    const [three, nine] = [turns(3), turns(9)];
    const [free] = await written(prompts.slice(1, 2), { maxNewTokens: 6 });
    const texts = await written(prompts, [
      { maxNewTokens: 6, grammar: three },
      { maxNewTokens: 6 },
      { maxNewTokens: 6, grammar: nine, temperature: 2, topK: 3 },
    ]);
    expect(texts).toEqual([[9, 33, 9], free, [9, 33, 9, 33, 9, 33]]);
    expect([three.live, nine.live]).toEqual([0, 0]);
  });

  test('guess nothing from the text, and are left behind an error', async () => {
    const seen: number[][] = [];
    const [text] = await written([[9, 33, 9, 33]], {
      maxNewTokens: 4,
      promptLookupNumTokens: 3,
      grammar: turns(4, seen),
    });
    expect(text).toEqual([9, 33, 9, 33]);
    expect(seen).toEqual([[], [9], [9, 33], [9, 33, 9]]);
    const failing = { begin: () => ({ next: () => Promise.reject(new Error('no grammar')), [Symbol.dispose]() {} }) };
    await expect(written(prompts.slice(0, 1), { maxNewTokens: 4, grammar: failing })).rejects.toThrow('no grammar');
    const beams = written(prompts.slice(0, 1), { numBeams: 2, grammar: turns(2) });
    await expect(beams).rejects.toMatchObject({ code: 'E_CONFIG', field: 'numBeams' });
  });
});

describe('samples', () => {
  test('are a function of the seed', async () => {
    const draw = (seed: number) => written(prompts, { maxNewTokens: 8, temperature: 1.5, seed });
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
  });

  test.each([{ topK: 1 }, { topP: 1e-6 }, { temperature: 1e-4 }])('with %j are greedy', async (options) => {
    const greedy = await written(prompts, { maxNewTokens: 8 });
    expect(await written(prompts, { maxNewTokens: 8, temperature: 1, seed: 3, ...options })).toEqual(greedy);
  });

  test('follow the probabilities, cut by top-k and top-p as transformers cuts them', async () => {
    const rows = 512;
    const same = new Array<readonly number[]>(rows).fill(prompts[0]!);
    let scores: readonly number[] = [];
    for await (const { logits } of learner.generate([prompts[0]!], { maxNewTokens: 1, outputLogits: true }))
      scores = Array.from(logits!.data);
    const ranked = scores
      .map((score, token) => ({ token, weight: Math.exp(score) }))
      .sort((a, b) => b.weight - a.weight);
    const topK = 6;
    const kept = ranked.slice(0, topK);
    const total = kept.reduce((sum, { weight }) => sum + weight, 0);
    let before = 0;
    const nucleus = kept.filter(({ weight }) => {
      const isIn = before < 0.8;
      before += weight / total;
      return isIn;
    });
    const mass = nucleus.reduce((sum, { weight }) => sum + weight, 0);
    const drawn = (await written(same, { maxNewTokens: 1, temperature: 1, topK, topP: 0.8, seed: 9 })).flat();
    expect(drawn).toHaveLength(rows);
    for (const { token, weight } of nucleus) {
      const share = drawn.filter((each) => each === token).length / rows;
      expect(Math.abs(share - weight / mass)).toBeLessThan(0.1);
    }
    expect(drawn.filter((token) => !nucleus.some((each) => each.token === token))).toEqual([]);
  });
});

describe('several texts at once', () => {
  test('are each as if alone, with options of their own', async () => {
    const options: readonly GenerateOptions[] = [
      { maxNewTokens: 9, temperature: 1.2, seed: 3, topK: 8 },
      { maxNewTokens: 4 },
      { maxNewTokens: 7, temperature: 0.9, topP: 0.9, repetitionPenalty: 1.4, seed: 8, noRepeatNgramSize: 2 },
    ];
    const together: number[][] = prompts.map(() => []);
    for await (const { tokens } of learner.generate(prompts, options))
      for (const [row, token] of tokens.entries()) if (token !== undefined) together[row]!.push(token);
    for (const [row, prompt] of prompts.entries())
      expect(together[row]).toEqual((await written([prompt], options[row]!))[0]);
  });

  test('may be written at the same time', async () => {
    const sampled = { maxNewTokens: 8, temperature: 1, seed: 1 };
    const alone = [await written([prompts[0]!], { maxNewTokens: 8 }), await written([prompts[2]!], sampled)];
    const both = [written([prompts[0]!], { maxNewTokens: 8 }), written([prompts[2]!], sampled)];
    expect(await Promise.all(both)).toEqual(alone);
  });
});

test('the best token has the same options on the host as on the device', async () => {
  const greedy = await written(prompts, { maxNewTokens: 8 });
  expect(await written(prompts, { maxNewTokens: 8, logitBias: { 3: 0 } })).toEqual(greedy);
  const [banned] = greedy[0]!;
  const other = await written(prompts, { maxNewTokens: 8, badWordsIds: [[banned!]] });
  expect(other.flat()).not.toContain(banned);
});

test('guessing from the text changes no text, and takes fewer passes', async () => {
  const prompt = [7, 9, 11, 5, 7, 9, 11, 5, 7, 9];
  for (const options of [
    { maxNewTokens: 40 },
    { maxNewTokens: 17, temperature: 0.8, seed: 2, repetitionPenalty: 1.1 },
    { maxNewTokens: 30, maxCacheLength: 64, eosTokenId: 5 },
  ])
    expect(await written([prompt], { ...options, promptLookupNumTokens: 4 })).toEqual(await written([prompt], options));
  // Greedy texts of a random model repeat themselves soon: many guesses hold.
  using session = new GenerationSession(learner.context());
  const seen: number[] = [];
  for await (const { tokens } of session.generate([prompt], { maxNewTokens: 40, promptLookupNumTokens: 4 }))
    seen.push(tokens[0]!);
  expect(seen).toEqual((await written([prompt], { maxNewTokens: 40 }))[0]);
  const more = [...prompt, ...seen, 8];
  const found: number[] = [];
  for await (const { tokens } of session.generate([more], { maxNewTokens: 5 })) found.push(tokens[0]!);
  expect(found).toEqual((await written([more], { maxNewTokens: 5 }))[0]);
});

test('a session computes what is new alone, and its texts are those without', async () => {
  using session = new GenerationSession(learner.context());
  let text = [7, 9, 11, 5];
  let [computed, added] = [0, 0];
  for (const [turn, more] of [[8, 21], [14, 30, 12, 6, 9], [3], new Array<number>(90).fill(4)].entries()) {
    const options = { maxNewTokens: 6 + turn, ...(turn % 2 === 0 ? {} : { temperature: 1, seed: turn }) };
    const expected = (await written([text], options))[0]!;
    const found: number[] = [];
    for await (const { tokens } of session.generate([text], options)) found.push(tokens[0]!);
    expect(found).toEqual(expected);
    // The prompt's new tokens, and each written one but for the last, which nobody has read.
    const unread = turn === 0 ? text.length : added + 1;
    expect(session.computedTokens - computed).toBe(unread + expected.length - 1);
    computed = session.computedTokens;
    text = [...text, ...expected, ...more];
    added = more.length;
  }
  // Another text shares its beginning alone.
  const other = [7, 9, 11, 99];
  const found: number[] = [];
  for await (const { tokens } of session.generate([other], { maxNewTokens: 3 })) found.push(tokens[0]!);
  expect(found).toEqual((await written([other], { maxNewTokens: 3 }))[0]);
  expect(session.computedTokens - computed).toBe(1 + 2);
  const two = session.generate([[1], [2]]);
  await expect(two.next()).rejects.toMatchObject({ code: 'E_CONFIG' });
  const first = session.generate([[1]]);
  await first.next();
  await expect(session.generate([[1]]).next()).rejects.toMatchObject({ code: 'E_BUSY' });
  await first.return();
});
describe('words of texts', () => {
  const write = async (options: Parameters<typeof streamText>[3]) => {
    const made = [];
    for await (const each of streamText(learner, model, 'the cat', options)) made.push(each);
    return made;
  };

  test('that end it are not shown, and bad ones are not written', async () => {
    const plain = (await write({ maxNewTokens: 10 })).at(-1)!;
    expect(plain.finishReason).toBe('length');
    const stop = plain.text.slice(4, 9);
    const stopped = await write({ maxNewTokens: 10, stopStrings: stop });
    expect(stopped.at(-1)).toMatchObject({ text: plain.text.slice(0, plain.text.indexOf(stop)), finishReason: 'stop' });
    expect(stopped.map(({ piece }) => piece).join('')).toBe(stopped.at(-1)!.text);
    const without = await write({ maxNewTokens: 10, badWords: ['good'] });
    expect(plain.text).toContain('good');
    expect(without.at(-1)!.text).not.toContain('good');
    await expect(write({ stopStrings: [''] })).rejects.toMatchObject({ code: 'E_CONFIG' });
  });

  test('are left when a signal is aborted', async () => {
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _ of streamText(learner, model, 'the cat', { signal: controller.signal })) controller.abort();
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });
});

test('texts come in pieces that add up', async () => {
  const pieces: string[] = [];
  let last = { text: '', tokens: [] as readonly number[] };
  for await (const { piece, ...all } of streamText(learner, model, 'the cat', { maxNewTokens: 10 })) {
    pieces.push(piece);
    last = all;
  }
  expect(pieces.join('')).toBe(last.text);
  expect(last.text).toBe(model.tokenizer.decode(last.tokens));
});

describe('what is refused', () => {
  const steps = async (
    of: Pick<Learner, 'generate'>,
    from: readonly (readonly number[])[],
    options: GenerateOptions,
  ) => {
    for await (const _ of of.generate(from, options));
  };

  test.each([
    [
      'more than the model has positions',
      [[1, 2, 3]],
      { maxNewTokens: 510 },
      { code: 'E_TOO_LONG', field: 'maxNewTokens' },
    ],
    [
      'T17: more than a cache of fixed length holds',
      [[1, 2, 3]],
      { maxNewTokens: 8, maxCacheLength: 10 },
      {
        code: 'E_TOO_LONG',
        field: 'maxCacheLength',
        hint: 'Set maxCacheLength to at least 11, or ask for at most 7 new tokens.',
      },
    ],
    ['an empty prompt', [[1], []], {}, { code: 'E_DATA', field: 'prompts' }],
    ['no prompt', [], {}, { code: 'E_DATA' }],
    ['an option that there is not', [[1]], { beams: 2 }, { code: 'E_CONFIG' }],
  ])('%s', async (_, from, options, problem) => {
    await expect(steps(learner, from, options as GenerateOptions)).rejects.toMatchObject(problem);
  });

  test('a model that writes no texts', async () => {
    const classifier = await sequenceClassification(await tinyBert(), { labels: ['a', 'b'] });
    await using answering = await Learner.open({ model: classifier, backend });
    await expect(steps(answering, [[1]], {})).rejects.toMatchObject({ code: 'E_MODEL_UNSUPPORTED', field: 'task' });
    await expect(causalLanguageModel(await tinyBert())).rejects.toMatchObject({ code: 'E_MODEL_UNSUPPORTED' });
  });
});

describe('training', () => {
  const row = [7, 9, 11, 14, 8, 20, 21, 22];
  const inputIds = hostTensor([2, 8], [...row, ...row], 'i32');
  const attentionMask = hostTensor([2, 8], new Int32Array(16).fill(1), 'i32');
  const batch = { tensors: { inputIds, attentionMask, labels: inputIds } };

  test.each([
    ['full', full(), 0.01],
    ['LoRA', lora({ r: 4, targetModules: ['q_proj', 'v_proj', 'up_proj', 'down_proj'] }), 0.05],
  ])('%s: what was learned is written', async (_, strategy, learningRate) => {
    await using taught = await Learner.open({ model, strategy, backend, learningRate, weightDecay: 0 });
    for (let step = 0; step < 120; step++) await taught.step([batch]);
    const texts: number[] = [];
    for await (const { tokens } of taught.generate([row.slice(0, 2)], { maxNewTokens: 6 })) texts.push(tokens[0]!);
    expect(texts).toEqual(row.slice(2));
  });
});

describe('DPO', () => {
  const [chosen, rejected] = [
    [7, 9, 11, 14],
    [7, 9, 20, 21],
  ];
  const inputIds = hostTensor([2, 4], [...chosen!, ...rejected!], 'i32');
  const attentionMask = hostTensor([2, 4], new Int32Array(8).fill(1), 'i32');
  const completionMask = hostTensor([2, 4], [0, 0, 1, 1, 0, 0, 1, 1], 'i32');
  const tensors = { inputIds, attentionMask, completionMask };
  const strategy = lora({ r: 4 });

  test('against the base in the same program is DPO against its log-probabilities', async () => {
    const settings = { model, strategy, backend, learningRate: 0.01 };
    await using inOne = await Learner.open({ ...settings, objective: dpo() });
    const logps = await answerLogps(inOne);
    await using before = await Learner.open({ ...settings, objective: dpo({ reference: 'precomputed' }) });
    const referenceLogps = hostTensor([2], logps);
    const found: number[][] = [[], []];
    for (let step = 0; step < 5; step++) {
      found[0]!.push((await inOne.step([{ tensors }])).loss);
      found[1]!.push((await before.step([{ tensors: { ...tensors, referenceLogps } }])).loss);
    }
    expect(found[0]![0]).toBeCloseTo(Math.log(2), 5);
    for (const [step, loss] of found[0]!.entries()) expect(loss).toBeCloseTo(found[1]![step]!, 5);
    const last = await inOne.step([{ tensors }]);
    expect(last.metrics!.rewardsAccuracy).toBe(1);
    expect(last.metrics!.rewardsMargin).toBeCloseTo(last.metrics!.rewardsChosen! - last.metrics!.rewardsRejected!, 5);
    expect(last.metrics!.rewardsMargin).toBeGreaterThan(0.05);
  });

  test('is refused if the base trains along', async () => {
    await using learning = await Learner.open({ model, strategy: full(), backend, objective: dpo() });
    await expect(learning.step([{ tensors }])).rejects.toMatchObject({ code: 'E_STRATEGY' });
  });

  /** By the outputs alone. */
  async function answerLogps(of: Learner): Promise<number[]> {
    const { data, type } = (await of.outputs({ inputIds, attentionMask })).get('logits')!;
    const classes = type.shape[2]!;
    return [chosen!, rejected!].map((row, index) =>
      [1, 2].reduce((sum, place) => {
        const scores = Array.from(data.subarray((index * 4 + place) * classes, (index * 4 + place + 1) * classes));
        const total = Math.log(scores.reduce((all, score) => all + Math.exp(score), 0));
        return sum + scores[row[place + 1]!]! - total;
      }, 0),
    );
  }
});
