/** `npm run quickstart`: one task, five methods, side by side; then the last one answers. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { baseMini } from '@attune/base-mini';
import { csv } from '@attune/data';
import { nodeStorage } from '@attune/hub/node';
import { type Compared, trainBy } from './compare.js';
import { tableHead, tableRow } from './comparison-table.js';
import { methods } from './methods.js';

const { values } = parseArgs({ options: { model: { type: 'string' }, vectors: { type: 'string' } } });
const model = values.model ?? fileURLToPath(baseMini);
const data = join(process.env.ATTUNE_ROOT ?? '.', 'examples/quickstart/data');
const columns = { text: 'text', label: 'intent' };
const texts = { train: csv(join(data, 'train.csv'), columns), test: csv(join(data, 'test.csv'), columns) };

console.log('\nTen customer intents: 320 messages to learn from, 80 others to be measured on.\n');
const compared = methods({ model, vectors: values.vectors });
const titleWidth = Math.max(...compared.map(({ title }) => title.length));
console.log(tableHead(titleWidth));
let last: Compared | undefined;
for (const method of compared) {
  await last?.trainer[Symbol.asyncDispose]();
  last = await trainBy(method, texts);
  console.log(tableRow(last, titleWidth));
}

if (last) {
  console.log(`\n${last.title} answers:\n`);
  for (const text of [
    'My parcel still has not arrived, where is it?',
    'I want my money back',
    'let me speak to a real person please',
  ]) {
    const { label, score } = await last.trainer.predict(text);
    console.log(`  ${text}  ->  ${label} (${(100 * score).toFixed(0)} %)`);
  }
  const output = mkdtempSync(join(tmpdir(), 'attune-quickstart-'));
  await last.trainer.save(nodeStorage(output));
  await last.trainer[Symbol.asyncDispose]();
  console.log(`\nThe model is saved in ${output}. Ask it something else:\n`);
  console.log(`  npx attune predict --model ${output} --text "Where is my parcel?"\n`);
}
