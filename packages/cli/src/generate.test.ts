/** `attune generate`, and the training of what it asks. */
import { nodeStorage } from '@attune/hub/node';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { writeTinyLlama } from '@attune/models/testing/tiny-llama';
import { jsonTokenizer, tokenizerFiles } from '@attune/models/testing/tiny-tokenizers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
const run = (...args: string[]) => runCommand([...args, '--threads', '1']);
const generate = (model: string, ...args: string[]) => run('generate', '--model', at(model), '--json', ...args);

beforeAll(async () => {
  await writeTinyLlama(nodeStorage(at('llama')));
  await writeTinyBert(nodeStorage(at('bert')));
  file('lines.txt', 'the cat sat on the mat\nthe dog sat on the dog\n'.repeat(8));
});
afterAll(() => folder.remove());

describe('attune train --task causal-language-modeling', () => {
  it.each([
    ['full', ['--sample-prompts', 'the cat']],
    ['lora', ['--target-modules', 'all-linear']],
    ['lora over NF4', ['--target-modules', 'all-linear', '--quantize', 'nf4']],
  ])('%s, and generate writes what was learned', async (name, more) => {
    const [strategy = ''] = name.split(' ');
    const trained = await run(
      ...[
        'train',
        '--task',
        'causal-language-modeling',
        '--model',
        at('llama'),
        '--train',
        at('lines.txt'),
        '--output',
        at(name),
      ],
      ...['--strategy', strategy, '--epochs', '60', '--batch-size', '16', '--learning-rate', '0.02', ...more],
    );
    expect(trained.code, trained.err).toBe(0);
    expect(trained.out).toContain('attune generate --model');
    if (name === 'full') expect(trained.err).toContain('the cat → sat on the mat');
    const { code, last } = await generate(name, '--prompt', 'the cat', '--max-new-tokens', '8');
    expect(code).toBe(0);
    expect(last.text).toBe('sat on the mat');
    expect(last.tokens).toHaveLength(4);
    const measured = await run('evaluate', '--model', at(name), '--data', at('lines.txt'), '--json');
    expect(measured.last.perplexity).toBeLessThan(2);
  });

  it('streams the text for people', async () => {
    const { code, out } = await run('generate', '--model', at('full'), '--prompt', 'the dog', '--max-new-tokens', '3');
    expect(code).toBe(0);
    expect(out).toBe('sat on the\n');
  });
});

describe('attune generate --json-schema', () => {
  const properties = { tasty: { type: 'boolean' }, sort: { enum: ['sweet', 'sour'] } };
  const ask = (schema: object, ...more: string[]) =>
    generate('json', '--prompt', 'the', '--json-schema', file('schema.json', JSON.stringify(schema)), ...more);

  it('writes what the schema says, also of draws', async () => {
    const vocab_size = Object.keys(jsonTokenizer.model.vocab).length;
    const tokenizer = await tokenizerFiles(jsonTokenizer);
    await writeTinyLlama(nodeStorage(at('json')), { vocab_size, eos_token_id: 1 }, 5, tokenizer);
    const schema = { type: 'object', properties, required: ['tasty', 'sort'] };
    const { code, last, err } = await ask(schema, '--temperature', '2', '--num-return-sequences', '3');
    expect(code, err).toBe(0);
    const texts = Object(last.texts);
    for (const { text } of texts) {
      const { tasty, sort, ...others } = JSON.parse(text);
      expect([typeof tasty, ['sweet', 'sour'].includes(sort), others]).toEqual(['boolean', true, {}]);
    }
    expect(texts).toHaveLength(3);
  });

  it('refuses a schema that cannot be followed', async () => {
    const { code, last } = await ask({ type: 'nothing' });
    expect([code, last.code]).toEqual([2, 'E_SCHEMA']);
  });
});

describe('attune evaluate --generate', () => {
  const pairs = [
    { prompt: 'the cat', completion: ' sat on the mat' },
    { prompt: 'the dog sat on', completion: ' the dog' },
    { prompt: 'the dog', completion: ' sat on the mat' },
  ];
  const rows = (...values: readonly object[]) => values.map((value) => JSON.stringify(value)).join('\n');
  const measure = (data: string, ...args: string[]) =>
    run('evaluate', '--model', at('full'), '--data', at(data), '--json', ...args);

  it('writes all answers in a batch and compares them', async () => {
    file('pairs.jsonl', rows(...pairs));
    const { code, last, err } = await measure('pairs.jsonl', '--generate', '--max-new-tokens', '8');
    expect(code, err).toBe(0);
    expect(last.answers).toEqual([
      { row: 1, prompt: 'the cat', reference: ' sat on the mat', generated: 'sat on the mat' },
      { row: 2, prompt: 'the dog sat on', reference: ' the dog', generated: 'the dog' },
      { row: 3, prompt: 'the dog', reference: ' sat on the mat', generated: 'sat on the dog' },
    ]);
    expect(last).toMatchObject({ examples: 3, rouge1: (2 + 0.75) / 3, rougeL: (2 + 0.75) / 3 });
    expect(last.exactMatch).toBeCloseTo(2 / 3, 12);
    expect(last.perplexity).toBeGreaterThan(1);
    for (const name of ['rouge2', 'bleu', 'chrf']) expect(last[name]).toBeGreaterThan(0);
  });

  it('asks conversations their last question', async () => {
    const said = (content: string, role: string) => ({ role, content });
    const messages = [said('the cat', 'user'), said('sat on the mat', 'assistant')];
    file('talks.jsonl', rows({ messages }, { messages: [...messages, said('the dog', 'user')] }));
    file('plain.jinja', '[CLS] {% for message in messages %}{{ message.content }} {% endfor %}');
    const chat = ['--chat-template', at('plain.jinja'), '--generate', '--on-bad-row', 'skip', '--max-new-tokens', '8'];
    const { code, last, err } = await measure('talks.jsonl', ...chat);
    expect(code, err).toBe(0);
    expect(last).toMatchObject({ exactMatch: 1, answers: [{ row: 1, generated: 'sat on the mat' }] });
  });

  it.each([
    ['lines.txt', ['--generate'], 'has no prompt with an answer'],
    ['pairs.jsonl', ['--max-new-tokens', '8'], 'Add --generate'],
  ])('refuses %s with %j', async (data, args, message) => {
    const { code, last } = await measure(data, ...args);
    expect(code).toBe(2);
    expect(JSON.stringify(last)).toContain(message);
  });
});

describe('attune generate', () => {
  it('draws by the seed', async () => {
    const draw = async (seed: string) =>
      (await generate('llama', '--prompt', 'the', '--temperature', '2', '--seed', seed, '--max-new-tokens', '12')).last;
    expect(await draw('1')).toEqual(await draw('1'));
    expect((await draw('1')).tokens).not.toEqual((await draw('2')).tokens);
  });

  it('takes the options of writing as flags', async () => {
    const write = async (...args: string[]) =>
      String((await generate('full', '--prompt', 'the cat', '--max-new-tokens', '8', ...args)).last.text);
    expect(await write('--stop-strings', ' mat', '--stop-strings', 'dog')).toBe('sat on the');
    expect(await write('--bad-words', 'mat')).not.toContain('mat');
    expect(await write('--min-new-tokens', '6', '--repetition-penalty', '1.2')).not.toBe('sat on the mat');
    expect(await write('--logit-bias', '4=-100,5=2')).toBeTypeOf('string');
    const several = await generate('full', '--prompt', 'the', '--num-beams', '3', '--num-return-sequences', '2');
    expect(several.last.texts).toEqual([expect.anything(), expect.anything()]);
  });

  it.each([
    ['llama', ['--prompt', 'the', '--min-p', '2'], 'E_CONFIG'],
    ['llama', ['--prompt', 'the', '--max-new-tokens', '600'], 'E_TOO_LONG'],
    ['llama', ['--prompt', '  '], 'E_CONFIG'],
    ['bert', ['--prompt', 'the'], 'E_MODEL_UNSUPPORTED'],
  ])('%s with %j is refused', async (model, args, code) => {
    const result = await generate(model, ...args);
    expect(result.code).not.toBe(0);
    expect(result.last).toMatchObject({ type: 'error', code });
  });

  it('predict says that the model writes', async () => {
    const { last } = await run('predict', '--model', at('full'), '--text', 'the cat', '--json');
    expect(last).toMatchObject({ type: 'error', code: 'E_CONFIG', hint: expect.stringContaining('attune generate') });
  });
});
