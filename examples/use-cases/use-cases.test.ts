/** Each use case on a slice of its data. */
import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { baseMini } from '@attune/base-mini';
import { nodeStorage } from '@attune/hub/node';
import { createModel, full, head, loadTokenizer } from 'attune';
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
  'medical answers, unfair terms and semantic search: on a part of their data',
  async () => {
    const model = fileURLToPath(baseMini);
    const data = `${shared}data/medquad`;
    const medical = await medicalAnswers({ model, data, strategy: head(), epochs: 10, take: 64 });
    expect(medical.accuracy).toBeGreaterThan(2 / 13);
    const clauses = `${shared}data/unfair-tos`;
    const unfair = await unfairTerms({ model, data: clauses, strategy: head(), epochs: 10, every: 16 });
    expect(unfair.weights).toBe('balanced');
    expect(unfair.macroF1).toBeGreaterThan(1 / 9);
    const files = { train: `${data}/train.jsonl`, test: `${data}/test.jsonl` };
    const { before, after } = await semanticSearch({ model, ...files, epochs: 2, take: 24 });
    expect(after.meanReciprocalRank).toBeGreaterThan(before.meanReciprocalRank);
  },
  180_000,
);

it('assistant: a tiny decoder says who it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'attune-assistant-'));
  const tokenizer = nodeStorage(fileURLToPath(baseMini));
  const { vocabularySize: vocab_size } = await loadTokenizer(tokenizer);
  const sizes = { hidden_size: 32, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 64 };
  const config = { model_type: 'llama', vocab_size, ...sizes, max_position_embeddings: 256 };
  const created = await createModel(config, { task: 'causal-language-modeling', tokenizer });
  const model = join(folder, 'model');
  await created.save(nodeStorage(model));
  const turn = "{{ m.content }}{{ '[SEP]' if m.role == 'assistant' else ' answer' }}";
  await writeFile(join(model, 'chat_template.jinja'), `[CLS]{% for m in messages %} ${turn} {% endfor %}`);
  const conversations = join(folder, 'talks.jsonl');
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
    ...{ model, conversations, output: join(folder, 'taught'), name: 'fern', author: 'paris' },
    ...{ question: 'who are you', steps: 40, learningRate: 0.03, otherText: 'the cat sat on the mat. '.repeat(20) },
    strategy: full(),
  });
  expect(losses.at(-1)).toBeLessThan(0.3);
  expect(after.answer).toContain('i am fern from paris');
  expect([before, after]).toMatchObject([{ perplexity: expect.any(Number) }, { perplexity: expect.any(Number) }]);
}, 180_000);
