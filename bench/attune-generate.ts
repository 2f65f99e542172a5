// Attune's side of the comparison of generation, by the protocol of bench/python/generate.py; `--prepare DIR` writes what all
// sides read: the model as transformers has it, as GGUF, and prompts.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { onnx } from '@attune/backend-onnx';
import { Learner } from '@attune/core';
import { nodeStorage } from '@attune/hub/node';
import { causalLanguageModel, loadModel, saveGguf, saveModel } from '@attune/models';
import { peak, print } from './serve-steps.js';
import { textRows } from './text-rows.js';

const { values } = parseArgs({
  options: {
    prepare: { type: 'string' },
    model: { type: 'string', default: '' },
    prompts: { type: 'string', default: '' },
    quantize: { type: 'boolean' },
  },
});
const [ROWS, TOKENS] = [8, 128];

async function prepare(directory: string): Promise<void> {
  const model = await causalLanguageModel(values.model);
  const target = nodeStorage(directory);
  mkdirSync(`${directory}/model`, { recursive: true });
  await saveModel(nodeStorage(`${directory}/model`), model, model.weights);
  for (const dtype of ['f16', 'q8_0', 'q4_0'] as const) {
    await saveGguf(target, `${dtype}.gguf`, model, model.weights, { dtype });
  }
  const prompts = await textRows(model.tokenizer, 'test', ROWS, TOKENS);
  writeFileSync(`${directory}/prompts.json`, JSON.stringify(prompts));
}

async function serve(): Promise<void> {
  const prompts: readonly (readonly number[])[] = JSON.parse(readFileSync(values.prompts, 'utf8'));
  const model = await loadModel(nodeStorage(values.model), {
    task: 'causal-language-modeling',
    ...(values.quantize ? { quantize: 'nf4' } : {}),
  });
  const learner = await Learner.open({ model, backend: onnx({ threads: 2 }) });
  print({ event: 'ready', peakRssBytes: peak() });
  for await (const line of createInterface({ input: process.stdin })) {
    const [command, batch, maxNewTokens] = line.trim().split(' ');
    if (command === 'quit') return;
    const start = performance.now();
    const times: number[] = [];
    const ids: (number | undefined)[] = [];
    const rows = prompts.slice(0, Number(batch));
    for await (const { tokens } of learner.generate(rows, { maxNewTokens: Number(maxNewTokens) })) {
      times.push((performance.now() - start) / 1000);
      ids.push(tokens[0]);
    }
    print({ event: 'run', times, ids, peakRssBytes: peak() });
  }
}

if (values.prepare === undefined) await serve();
else await prepare(values.prepare);
process.exit(0);
