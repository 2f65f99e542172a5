/** Each use case on a slice of its data. */
import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { baseMini } from '@attune/base-mini';
import { nodeStorage } from '@attune/hub/node';
import { createModel, full, loadTokenizer } from 'attune';
import { expect, it } from 'vitest';
import { assistant } from './assistant/assistant.js';
import { brandTone } from './brand-tone/brand-tone.js';
import { medicalAnswers } from './medical-answers/medical-answers.js';
import { newsTopics } from './news-topics/news-topics.js';
import { semanticSearch } from './semantic-search/semantic-search.js';
import { unfairTerms } from './unfair-terms/unfair-terms.js';

const shared = fileURLToPath(new URL('../../../shared/', import.meta.url));

it('brand tone: lines about new topics, after eight topics', async () => {
  const { accuracy, answer } = await brandTone({ model: fileURLToPath(baseMini), numIterations: 2, take: 12 });
  expect(accuracy).toBeGreaterThan(0.5);
  expect(['formal', 'playful', 'warm']).toContain(answer);
}, 180_000);

it.skipIf(!process.env.CI && !existsSync(shared))(
  'news topics: after a few sentences',
  async () => {
    const options = { data: `${shared}data/sib200/sib200.csv`, language: 'en', epochs: 10, take: 16 } as const;
    const { losses, accuracy } = await newsTopics({ model: fileURLToPath(baseMini), ...options });
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    expect(accuracy).toBeGreaterThan(1 / 7);
  },
  180_000,
);

it.skipIf(!process.env.CI && !existsSync(shared))(
  'medical answers and unfair terms: on a part of their data',
  async () => {
    const model = fileURLToPath(baseMini);
    const data = `${shared}data/medquad`;
    const medical = await medicalAnswers({ model, data, epochs: 10, take: 64 });
    expect(medical.accuracy).toBeGreaterThan(2 / 13);
    const unfair = await unfairTerms({ model, data: `${shared}data/unfair-tos`, epochs: 10, every: 16 });
    expect(unfair.weights).toBe('balanced');
    expect(unfair.macroF1).toBeGreaterThan(1 / 9);
  },
  180_000,
);

it.skipIf(!process.env.CI && !existsSync(shared))('semantic search: a tiny encoder learns its pairs', async () => {
  const model = await tinyModel({ model_type: 'bert' }, 'feature-extraction');
  const file = `${shared}data/medquad/train.jsonl`;
  const options = { train: file, test: file, epochs: 20, learningRate: 3e-3, take: 24 };
  const { losses, before, after } = await semanticSearch({ model, ...options });
  expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
  expect(after.first).toBeGreaterThan(before.first);
});

/** A directory with a model of random weights and the tokenizer of base-mini. */
async function tinyModel(config: { readonly model_type: string }, task: string): Promise<string> {
  const directory = join(await mkdtemp(join(tmpdir(), 'attune-use-cases-')), 'model');
  const tokenizer = nodeStorage(fileURLToPath(baseMini));
  const { vocabularySize: vocab_size } = await loadTokenizer(tokenizer);
  const sizes = { hidden_size: 32, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 64 };
  const created = await createModel(
    { ...config, ...sizes, vocab_size, max_position_embeddings: 256 },
    { task, tokenizer },
  );
  await created.save(nodeStorage(directory));
  return directory;
}

it('assistant: a tiny decoder says who it is', async () => {
  const model = await tinyModel({ model_type: 'llama' }, 'causal-language-modeling');
  const turn = "{{ m.content }}{{ '[SEP]' if m.role == 'assistant' else ' answer' }}";
  await writeFile(join(model, 'chat_template.jinja'), `[CLS]{% for m in messages %} ${turn} {% endfor %}`);
  const conversations = join(model, '../talks.jsonl');
  const talk = (question: string, answer: string) =>
    JSON.stringify({
      messages: [
        { role: 'user', content: question },
        { role: 'assistant', content: answer },
      ],
    });
  await writeFile(
    conversations,
    [talk('who are you', 'i am {{name}} from {{author}}'), talk('hello', 'hi')].join('\n'),
  );
  const { losses, before, after } = await assistant({
    ...{ model, conversations, output: join(model, '../taught'), name: 'fern', author: 'paris' },
    ...{ question: 'who are you', steps: 40, learningRate: 0.03, otherText: 'the cat sat on the mat. '.repeat(20) },
    strategy: full(),
  });
  expect(losses.at(-1)).toBeLessThan(0.3);
  expect(after.answer).toContain('i am fern from paris');
  expect([before, after]).toMatchObject([{ perplexity: expect.any(Number) }, { perplexity: expect.any(Number) }]);
}, 180_000);
