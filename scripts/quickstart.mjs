// `npm run quickstart [-- --model DIR]`: trains, evaluates and asks a customer-intent classifier, from nothing.
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, root, run } from './setup.mjs';

const MODEL = 'sentence-transformers/all-MiniLM-L6-v2';
const FILES = [
  'config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
];

const { model: named, help } = options();
if (help) {
  console.log('npm run quickstart [-- --model DIR]');
  process.exit(0);
}
build();
const model = await findModel();
const output = mkdtempSync(join(tmpdir(), 'attune-quickstart-'));
const data = `${root}examples/quickstart/data`;
const attune = (...args) => run('node', [`${root}packages/cli/dist/cli.js`, ...args]);

console.log(`\nfine-tuning ${model} on ten customer intents (320 messages)\n`);
attune(
  'train',
  '--model',
  model,
  '--train',
  `${data}/train.csv`,
  '--eval',
  `${data}/test.csv`,
  '--text-column',
  'text',
  '--label-column',
  'intent',
  '--strategy',
  'full',
  '--learning-rate',
  '2e-4',
  '--epochs',
  '6',
  '--batch-size',
  '16',
  '--max-length',
  '64',
  '--output',
  output,
);
console.log('\nmeasuring it on messages that it has not seen\n');
attune(
  'evaluate',
  '--model',
  output,
  '--data',
  `${data}/test.csv`,
  '--text-column',
  'text',
  '--label-column',
  'intent',
);
console.log('\nasking it\n');
for (const text of [
  'My parcel still has not arrived, where is it?',
  'I want my money back',
  'let me speak to a real person please',
]) {
  attune('predict', '--model', output, '--text', text);
}
console.log(`\nthe model lies in ${output}`);

/** Ends the process where there are others than `--model DIR`, or the directory holds no model. */
function options() {
  try {
    const { values } = parseArgs({ options: { model: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
    if (values.model !== undefined && !existsSync(join(values.model, 'config.json'))) {
      throw new Error(`${values.model} holds no model: it has no config.json.`);
    }
    return values;
  } catch (error) {
    console.error(`${error.message}\nnpm run quickstart [-- --model DIR]`);
    process.exit(2);
  }
}

/** --model, the shared model beside the repository, or the same model from the Hugging Face hub. */
async function findModel() {
  if (named !== undefined) return resolve(named);
  const shared = resolve(root, '../shared/models/all-minilm-l6-v2');
  if (existsSync(shared)) return shared;
  const cached = join(root, '.models', 'all-MiniLM-L6-v2');
  if (!existsSync(join(cached, 'model.safetensors'))) await download(cached);
  return cached;
}

async function download(directory) {
  const { mkdir, rename, writeFile } = await import('node:fs/promises');
  await mkdir(directory, { recursive: true });
  console.log(`fetching ${MODEL} (90 MB) from the Hugging Face hub`);
  for (const file of FILES) {
    try {
      const response = await fetch(`https://huggingface.co/${MODEL}/resolve/main/${file}`);
      if (!response.ok) throw new Error(`the hub answers ${response.status}`);
      await writeFile(join(directory, `${file}.incomplete`), new Uint8Array(await response.arrayBuffer()));
      await rename(join(directory, `${file}.incomplete`), join(directory, file));
    } catch (error) {
      console.error(`\nThe model cannot be fetched: ${file}: ${error.cause?.message ?? error.message}.`);
      console.error('Give a model directory instead: npm run quickstart -- --model DIR');
      process.exit(2);
    }
  }
}
