// llama.cpp's side of the comparison of generation, through node-llama-cpp: the protocol of bench/python/generate.py, but one row only.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [directory, file, promptFile] = process.argv.slice(2);
const { resolve } = createRequire(join(directory, 'package.json'));
const { getLlama } = await import(pathToFileURL(resolve('node-llama-cpp')).href);
const [prompt] = JSON.parse(readFileSync(promptFile, 'utf8'));
const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error', maxThreads: 2 });
const model = await llama.loadModel({ modelPath: file });
const context = await model.createContext({ contextSize: 512, threads: 2 });
const sequence = context.getSequence();

const print = (object) => process.stdout.write(`${JSON.stringify(object)}\n`);
const peak = () => process.resourceUsage().maxRSS * 1024;
print({ event: 'ready', peakRssBytes: peak() });
for await (const line of createInterface({ input: process.stdin })) {
  const [command, _, tokens] = line.trim().split(' ');
  if (command === 'quit') break;
  await sequence.clearHistory();
  const start = performance.now();
  const times = [];
  const ids = [];
  for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    times.push((performance.now() - start) / 1000);
    ids.push(token);
    if (ids.length === Number(tokens)) break;
  }
  print({ event: 'run', times, ids, peakRssBytes: peak() });
}
process.exit(0);
