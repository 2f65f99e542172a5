/** `attune serve`, asked by the client of OpenAI. */
import { request } from 'node:http';
import { onnx } from '@attune/backend-onnx';
import { adaptModel } from '@attune/core';
import { MemoryStorage } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { type OpenModel, openModel } from '@attune/inference';
import type { Device } from '@attune/ir';
import { type AnsweringTask, causalLanguageModel, sequenceClassification, type WritingOptions } from '@attune/models';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { writeTinyLlama } from '@attune/models/testing/tiny-llama';
import { jsonTokenizer, tokenizerFiles } from '@attune/models/testing/tiny-tokenizers';
import { lora } from '@attune/strategies';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceOf } from '../commands/serve.js';
import { runCommand, testFolder } from '../testing/run-command.js';
import type { Limits } from './limits.js';
import { type RunningServer, startServer } from './server.js';

const plain = onnx({ threads: 1 });
const adapters = ['one', 'two', 'three'];
const limits: Limits = {
  ...{ maxBodyBytes: 20_000, maxContext: 512, maxNewTokens: 64, maxQueue: 64, maxBatch: 4 },
  ...{ maxStrings: 16, maxInputs: 16 },
};
const folder = testFolder();
const template = folder.file('chat.jinja', '{% for m in messages %}{{ m.content }} {% endfor %}');
const base = new MemoryStorage('llama');
const saved = new Map<string, MemoryStorage>();
let device: Device;
const watched = {
  ...plain,
  name: plain.name,
  open: async () => (device = await plain.open()),
  probe: () => plain.probe(),
};
let model: OpenModel<AnsweringTask>;
let server: RunningServer;
let client: OpenAI;

const clientOf = ({ port }: RunningServer) =>
  new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'none', maxRetries: 0 });

async function saveAdapter(name: string, seed: number): Promise<void> {
  const writer = await causalLanguageModel(base);
  const { adaptation, weights } = adaptModel(writer.model, writer.weights, [lora({ r: 2 })], seed, writer.created);
  const moved = [...weights].map(([own, tensor]) =>
    own.includes('lora_B')
      ? ([own, { ...tensor, data: tensor.data.map((_, at) => Math.sin(at + seed)) }] as const)
      : ([own, tensor] as const),
  );
  const target = new MemoryStorage(name);
  await adaptation.adapter!.save(target, new Map(moved), 'llama');
  await writer.describe(target);
  saved.set(name, target);
}

beforeAll(async () => {
  await writeTinyLlama(base);
  for (const [seed, name] of adapters.entries()) await saveAdapter(name, seed + 1);
  model = await openModel(base, { backend: watched });
  for (const name of adapters) await model.loadAdapter(saved.get(name)!, { name });
  server = await startServer(await serviceOf(model, 'llama', { ...limits, chatTemplate: template }), 0);
  client = clientOf(server);
});
afterAll(async () => {
  await server.close();
  await model[Symbol.asyncDispose]();
  folder.remove();
});

/** What is written alone, without a server. */
async function alone(name: string, prompt: string, options: WritingOptions): Promise<string> {
  await model.setAdapter(name === 'llama' ? null : name);
  let written = '';
  for await (const { text } of model.generate(prompt, options)) written = text;
  return written;
}

async function streamed(body: Omit<OpenAI.CompletionCreateParamsStreaming, 'stream'>): Promise<string> {
  let text = '';
  for await (const { choices } of await client.completions.create({ ...body, stream: true })) text += choices[0]?.text;
  return text;
}

describe('texts', () => {
  it('are those of single runs, for 200 streaming requests of 20 clients with 3 adapters', async () => {
    const kinds = ['llama', ...adapters].flatMap((name) =>
      ['the cat', 'the dog sat on the mat', 'a'].map((prompt, kind) => ({
        name,
        prompt,
        asked: {
          max_tokens: 3 + kind,
          temperature: 1.1,
          seed: kind,
          ...(kind === 2 ? { top_p: 0.9 } : {}),
        },
        options: {
          maxNewTokens: 3 + kind,
          temperature: 1.1,
          seed: kind,
          ...(kind === 2 ? { topP: 0.9 } : {}),
        },
      })),
    );
    const expected: string[] = [];
    for (const { name, prompt, options } of kinds) expected.push(await alone(name, prompt, options));
    expect(new Set(expected).size).toBeGreaterThan(8);
    let bytes = 0;
    const ask = async (index: number) => {
      const { name, prompt, asked } = kinds[index % kinds.length]!;
      expect(await streamed({ model: name, prompt, ...asked })).toBe(expected[index % kinds.length]);
    };
    const clients = Array.from({ length: 20 }, async (_, which) => {
      for (let round = 0; round < 10; round++) {
        await ask(which * 7 + round * 5);
        if (which === 0 && round === 5) bytes = device.memory().liveBytes;
      }
    });
    await Promise.all(clients);
    // A batch that was running may have had a cache then; afterwards nothing is left of any.
    expect(device.memory().liveBytes).toBeLessThanOrEqual(bytes);
    expect(await (await fetch(`http://127.0.0.1:${server.port}/health`)).json()).toEqual({
      status: 'ok',
      running: 0,
      waiting: 0,
    });
  });

  it('come whole, several at once, and end at stop strings', async () => {
    const made = await client.completions.create({
      ...{ model: 'one', prompt: ['the cat', 'the dog'], max_tokens: 6, temperature: 0 },
    });
    const expected = [];
    for (const prompt of ['the cat', 'the dog'])
      expected.push(await alone('one', prompt, { maxNewTokens: 6, temperature: 0 }));
    expect(made.choices.map(({ text }) => text)).toEqual(expected);
    expect(made.choices.map(({ finish_reason: reason }) => reason)).toEqual(['length', 'length']);
    expect(made.usage).toMatchObject({ completion_tokens: 12 });
    const stop = expected[0]!.slice(2, 5);
    const stopped = await client.completions.create({
      ...{ model: 'one', prompt: 'the cat', max_tokens: 6, temperature: 0, stop: [stop] },
    });
    expect(stopped.choices[0]).toMatchObject({
      text: expected[0]!.slice(0, expected[0]!.indexOf(stop)),
      finish_reason: 'stop',
    });
  });

  it('of a chat follow the template, as a stream and whole', async () => {
    const messages = [
      { role: 'system', content: 'the' },
      { role: 'user', content: [{ type: 'text', text: 'cat' }] },
    ] as const satisfies OpenAI.ChatCompletionMessageParam[];
    const asked = { model: 'two', messages: [...messages], max_completion_tokens: 5, temperature: 0 };
    const expected = await alone('two', 'the cat', { maxNewTokens: 5 });
    const whole = await client.chat.completions.create(asked);
    expect(whole.choices[0]!.message).toMatchObject({ role: 'assistant' });
    const pieces: string[] = [];
    let usage: unknown;
    const stream = await client.chat.completions.create({
      ...{ ...asked, stream: true, stream_options: { include_usage: true } },
    });
    for await (const chunk of stream) {
      pieces.push(chunk.choices[0]?.delta.content ?? '');
      usage = chunk.usage;
    }
    expect(pieces.join('')).toBe(whole.choices[0]!.message.content);
    expect(usage).toEqual(whole.usage);
    expect(whole.choices[0]!.message.content).toHaveLength(expected.length);
  });

  it('end when a client goes away, and others go on', async () => {
    const controller = new AbortController();
    const body = { model: 'llama', prompt: 'the cat', max_tokens: 60, temperature: 0, stream: true } as const;
    const stream = await client.completions.create(body, { signal: controller.signal });
    for await (const _ of stream) break;
    controller.abort();
    expect(await streamed({ model: 'three', prompt: 'a', max_tokens: 2 })).toBeTypeOf('string');
  });

  it('follow the JSON schema that a request gives', async () => {
    const vocab_size = Object.keys(jsonTokenizer.model.vocab).length;
    const files = await writeTinyLlama(
      new MemoryStorage(),
      { vocab_size, eos_token_id: 1 },
      5,
      await tokenizerFiles(jsonTokenizer),
    );
    await using open = await openModel(files, { backend: plain });
    const own = await startServer(await serviceOf(open, 'json', { ...limits, chatTemplate: template }), 0);
    try {
      const ask = (schema: Record<string, unknown>) =>
        clientOf(own).chat.completions.create({
          ...{ model: 'json', messages: [{ role: 'user', content: 'the' }], temperature: 2 },
          response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } },
        });
      const kinds = ['sweet', 'sour', 'bitter', 'salty', 'hot', 'none'];
      const made = await Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          ask({ type: 'array', items: { enum: [kinds[index % 6]] }, minItems: 1, maxItems: 2 }),
        ),
      );
      for (const [index, { choices }] of made.entries()) {
        expect(choices[0]!.finish_reason).toBe('stop');
        expect(new Set(JSON.parse(choices[0]!.message.content!))).toEqual(new Set([kinds[index % 6]]));
      }
      const refused = ask({ type: 'nothing' });
      await expect(refused).rejects.toMatchObject({ status: 400, code: 'E_SCHEMA', param: 'jsonSchema' });
    } finally {
      await own.close();
    }
  });

  it('n draws several', async () => {
    const { choices } = await client.completions.create({
      ...{ model: 'one', prompt: 'the cat', max_tokens: 6, temperature: 2, n: 3, seed: 4 },
    });
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(new Set(choices.map(({ text }) => text)).size).toBeGreaterThan(1);
  });
});

describe('models', () => {
  it('are listed', async () => {
    const names: string[] = [];
    for await (const { id } of client.models.list()) names.push(id);
    expect(names).toEqual(['llama', ...adapters]);
    expect(await client.models.retrieve('two')).toMatchObject({ id: 'two', object: 'model' });
  });

  it('embed and classify', async () => {
    const classifier = new MemoryStorage('classifier');
    const created = await sequenceClassification(await writeTinyBert(new MemoryStorage()), { labels: ['x', 'y'] });
    await created.save(classifier);
    await using open = await openModel(classifier, { backend: plain, task: 'sequence-classification' });
    const own = await startServer(await serviceOf(open, 'bert', limits), 0);
    try {
      const ask = clientOf(own);
      const { data } = await ask.embeddings.create({ model: 'bert', input: ['the cat', 'a dog'] });
      const [first, second] = await open.embed(['the cat', 'a dog']);
      expect(data.map(({ embedding }) => embedding)).toEqual([Array.from(first!), Array.from(second!)]);
      const response = await fetch(`http://127.0.0.1:${own.port}/v1/classify`, {
        method: 'POST',
        body: JSON.stringify({ model: 'bert', input: ['the cat'] }),
      });
      const [answer] = await open.predict(['the cat']);
      const found = await response.json();
      expect(found.data[0].label).toBe(answer!.label);
      expect(Math.max(...found.data[0].probs)).toBe(answer!.score);
      const writing = ask.completions.create({ model: 'bert', prompt: 'the' });
      await expect(writing).rejects.toMatchObject({ status: 400, code: 'E_MODEL_UNSUPPORTED' });
    } finally {
      await own.close();
    }
  });
});

describe('what is refused', () => {
  const ask = (body: object) => client.post('/completions', { body: { model: 'llama', prompt: 'the', ...body } });

  it.each([
    ['an unknown model', { model: 'tow' }, 404, 'model_not_found'],
    ['a prompt over the context', { prompt: 'the '.repeat(600) }, 400, 'context_length_exceeded'],
    [
      'more tokens than the context has',
      { max_tokens: 64, prompt: 'the '.repeat(480) },
      400,
      'context_length_exceeded',
    ],
    ['more tokens than the server writes', { max_tokens: 65 }, 400, 'too_many_tokens'],
    ['10,000 stop strings', { stop: Array.from({ length: 2000 }, () => 'x') }, 400, 'too_many_strings'],
    ['a wrong type', { temperature: 'hot' }, 400, 'invalid_value'],
    ['a wrong value', { top_p: 2 }, 400, 'invalid_value'],
    ['an unknown parameter', { temprature: 1 }, 400, 'unsupported_parameter'],
    ['too many texts', { n: 9 }, 400, 'too_many_texts'],
    ['an empty prompt', { prompt: [] }, 400, 'invalid_value'],
    ['an unknown token', { prompt: [7, 9999] }, 400, 'invalid_value'],
    ['a bias for an unknown token', { logit_bias: { 99999: 1 }, max_tokens: 2 }, 400, 'E_CONFIG'],
    ['a large body', { prompt: 'x'.repeat(30_000) }, 413, 'request_too_large'],
    ['a body that is no object', [], 400, 'invalid_value'],
  ])('%s', async (_, body, status, code) => {
    const asked = Array.isArray(body) ? client.post('/completions', { body }) : ask(body);
    await expect(asked).rejects.toMatchObject({ status, code });
  });

  it('a body of 1 GB is not read', async () => {
    const sent = await new Promise<{ status: number | undefined; bytes: number }>((resolve, reject) => {
      const posting = request({ port: server.port, path: '/v1/completions', method: 'POST' }, ({ statusCode }) => {
        resolve({ status: statusCode, bytes });
        posting.destroy();
      });
      posting.on('error', reject);
      let bytes = 0;
      const chunk = Buffer.alloc(65_536, 32);
      const send = () => {
        while (!posting.destroyed && bytes < 2 ** 30) {
          bytes += chunk.length;
          if (!posting.write(chunk)) return void posting.once('drain', send);
        }
      };
      send();
    });
    expect(sent.status).toBe(413);
    expect(sent.bytes).toBeLessThan(2 ** 28);
  });

  it.each([
    ['no JSON', { method: 'POST', body: '{"model":' }, '/v1/completions', 400],
    ['bytes that are no text', { method: 'POST', body: new Uint8Array([0x22, 0xff, 0x22]) }, '/v1/completions', 400],
    ['another method', { method: 'GET' }, '/v1/completions', 405],
    ['another place', { method: 'POST', body: '{}' }, '/v1/__proto__', 404],
    ['a page of another site', { method: 'GET', headers: { origin: 'https://example.com' } }, '/v1/models', 403],
  ])('%s', async (_, init, path, status) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
    expect(response.status).toBe(status);
    expect((await response.json()).error).toMatchObject({ message: expect.any(String), code: expect.any(String) });
  });

  it('more requests than may wait, and none while it ends; those that came are answered', async () => {
    const service = await serviceOf(model, 'llama', { ...limits, maxQueue: 3, maxBatch: 1 });
    const own = await startServer(service, 0);
    const body = { model: 'llama', prompt: 'the', max_tokens: 40, temperature: 0 };
    const expected = await alone('llama', 'the', { maxNewTokens: 40 });
    const asked = Array.from({ length: 8 }, () => clientOf(own).completions.create(body));
    const refused = await Promise.any(
      asked.map((each) =>
        each.then(
          () => Promise.reject(),
          (error: unknown) => error,
        ),
      ),
    );
    expect(refused).toMatchObject({ status: 429, code: 'queue_full' });
    const came = service.queue.running + service.queue.waiting;
    expect(came).toBeGreaterThan(0);
    const [ends] = await Promise.all([Promise.allSettled(asked), own.close()]);
    const answered = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value.choices[0]!.text] : []));
    expect(answered.length).toBeGreaterThanOrEqual(came);
    expect(new Set(answered)).toEqual(new Set([expected]));
    await expect(clientOf(own).models.list()).rejects.toThrow();
  });
});

it('the command serves a directory until it is interrupted', async () => {
  await writeTinyLlama(nodeStorage(folder.at('model')));
  const controller = new AbortController();
  const ended = runCommand(['serve', '--model', folder.at('model'), '--port', '0', '--json', '--threads', '1'], {
    signal: controller.signal,
    exitCode: () => 143,
    dispose: () => {},
  });
  setTimeout(() => controller.abort(new Error('interrupted')), 3000);
  const { code, out } = await ended;
  expect(code).toBe(143);
  expect(JSON.parse(out.split('\n')[0]!)).toMatchObject({ type: 'listening', models: ['model'] });
});
