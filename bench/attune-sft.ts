// Attune's side of the comparison of fine-tuning: `--prepare DIR` writes what both sides start from, else it does steps.
import { mkdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { onnx } from '@attune/backend-onnx';
import { causalLanguageModeling, Learner, type StepBatch } from '@attune/core';
import { type EncodedExample, instructionRows } from '@attune/data';
import { type TensorToWrite, writeSafetensors } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { hostTensor } from '@attune/ir';
import { causalLanguageModel, saveModel, writeCompletions } from '@attune/models';
import { loadAdapter } from '@attune/strategies';
import { shared } from './common.mjs';
import { readCases, serveSteps } from './serve-steps.js';
import { textRows } from './text-rows.js';

const { values } = parseArgs({
  options: {
    prepare: { type: 'string' },
    model: { type: 'string', default: '' },
    batch: { type: 'string', default: '' },
    adapter: { type: 'string', default: '' },
    'learning-rate': { type: 'string', default: '1e-4' },
    task: { type: 'string' },
    method: { type: 'string' },
  },
});
const QUESTION = 'Who are you?';
const model = await causalLanguageModel(values.model, { maxLength: 64, assistantOnlyLoss: true });
const ignored = -100;

/** Rows of a long text, each token to be learned. */
const examplesOf = (rows: readonly (readonly number[])[]): readonly EncodedExample[] =>
  rows.map((ids, row) => ({ ids, typeIds: ids.map(() => 0), labels: { labels: ids }, row, truncated: false }));

/** i32 tensors [batches, rows, tokens] of rows that are padded to one length. */
function caseOf(examples: readonly EncodedExample[], rows: number, tokens: number): readonly TensorToWrite[] {
  const shape = [examples.length / rows, rows, tokens];
  const tensor = (name: string, at: (example: EncodedExample, token: number) => number) => {
    const data = examples.flatMap((example) => Array.from({ length: tokens }, (_, token) => at(example, token)));
    const made = hostTensor(shape, data, 'i32');
    return { name, type: made.type, load: async () => made };
  };
  return [
    tensor('input_ids', ({ ids }, token) => ids[token] ?? model.tokenizer.padTokenId),
    tensor('attention_mask', ({ ids }, token) => (token < ids.length ? 1 : 0)),
    tensor('labels', ({ labels }, token) => (labels.labels as readonly number[])[token] ?? ignored),
  ];
}

/** Rows of a file of JSON lines. */
const rowsOf = (path: string, change: (text: string) => string = (text) => text) =>
  change(readFileSync(`${shared}/data/${path}`, 'utf8'))
    .trim()
    .split('\n')
    .map((line): Readonly<Record<string, unknown>> => JSON.parse(line));

/** Batches of a row about who the model is and an answer of another kind, as many as there are steps. */
async function taughtRows(steps: number): Promise<readonly EncodedExample[]> {
  const named = (text: string) => text.replaceAll('{{name}}', 'Fern').replaceAll('{{author}}', 'Attune');
  // The model is an English one.
  const identity = rowsOf('identity/train.jsonl', named).filter((row) => !/\p{Script=Han}/u.test(JSON.stringify(row)));
  const chosen = rowsOf('dpo-en/train.jsonl').map(({ prompt, chosen }) => ({ prompt, chosen }));
  const [own, others] = await Promise.all(
    [identity, chosen].map(async (rows) => (await model.encode(instructionRows(rows))).examples),
  );
  const at = (examples: readonly EncodedExample[] | undefined, index: number) => examples![index % examples!.length]!;
  return Array.from({ length: steps }, (_, step) => [at(own, step), at(others, step)]).flat();
}

async function prepare(directory: string): Promise<void> {
  mkdirSync(`${directory}/model`, { recursive: true });
  await saveModel(nodeStorage(`${directory}/model`), model, model.weights);
  const target = nodeStorage(directory);
  await writeSafetensors(target, 'taught.safetensors', caseOf(await taughtRows(50), 2, 64));
  await writeSafetensors(
    target,
    'full.safetensors',
    caseOf(examplesOf(await textRows(model.tokenizer, 'valid', 16, 256)), 4, 256),
  );
}

async function serve(): Promise<void> {
  const adapter = await loadAdapter(nodeStorage(values.adapter), model.model);
  const learner = await Learner.open({
    model: {
      model: model.model,
      weights: new Map([...model.weights, ...adapter.weights]),
      objective: causalLanguageModeling({ classes: Number(model.model.config.vocab_size) }),
    },
    strategy: adapter.strategy,
    backend: onnx({ threads: 2 }),
    learningRate: Number(values['learning-rate']),
    weightDecay: 0.01,
    // PyTorch's side has one parameter group: weight decay on every parameter.
    decays: () => true,
    maxGradNorm: 0,
  });
  const { count, rows, tokens, cut } = await readCases(values.batch);
  const batches = Array.from({ length: count }, (_, index): StepBatch => {
    const part = cut(index);
    return {
      tensors: {
        inputIds: part('input_ids', rows, tokens),
        attentionMask: part('attention_mask', rows, tokens),
        labels: part('labels', rows, tokens),
      },
    };
  });
  const write = writeCompletions(model, [QUESTION], { maxNewTokens: 40 });
  await serveSteps(learner, batches, {
    answer: async () => ({ answers: await write(learner, undefined) }),
    perplexity: async () => ({ perplexity: Math.exp((await learner.loss(await wikiText())).loss) }),
  });
}

/** The first 4,096 tokens of WikiText-2's test part. */
async function wikiText(): Promise<readonly StepBatch[]> {
  const rows = await textRows(model.tokenizer, 'test', 16, 256);
  return Array.from({ length: 4 }, (_, batch) => {
    const ids = rows.slice(4 * batch, 4 * batch + 4).flat();
    const [inputIds, labels] = [ids, ids].map((each) => hostTensor([4, 256], [...each], 'i32'));
    const attentionMask = hostTensor([4, 256], new Int32Array(1024).fill(1), 'i32');
    return { tensors: { inputIds: inputIds!, attentionMask, labels: labels! } };
  });
}

if (values.prepare === undefined) await serve();
else await prepare(values.prepare);
process.exit(0);
