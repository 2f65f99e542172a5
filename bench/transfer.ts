// Attune beside the Python libraries that people use for transfer learning, with the same data and recipe. A finished unit is a
// line of bench/results/transfer.jsonl and is not repeated, so the whole (hours) can be left and taken up again;
// `--only TEXT` takes the units whose name contains the text.
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { awdLstmUnits } from './transfer/awd-lstm.js';
import { embeddingUnits } from './transfer/embeddings.js';
import { setFitUnits } from './transfer/set-fit.js';
import { tfIdfUnits } from './transfer/tf-idf.js';
import { wordVectorUnits } from './transfer/word-vectors.js';
import { readTransfer, type TransferUnit, transferResults } from './transfer-results.mjs';

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, backend: { type: 'string' } },
});

const nameOf = ({ library, data, seed }: TransferUnit) =>
  `${library}, ${data}${seed === undefined ? '' : `, seed ${seed}`}`;

for (const { run, ...unit } of [
  ...tfIdfUnits,
  ...setFitUnits,
  ...embeddingUnits,
  ...wordVectorUnits,
  ...awdLstmUnits,
]) {
  const name = nameOf(unit);
  if (!name.includes(values.only) || readTransfer().some((each) => nameOf(each) === name)) continue;
  const measures = await run();
  appendFileSync(transferResults, `${JSON.stringify({ ...unit, measures })}\n`);
  console.log(`${name}: ${JSON.stringify(measures)}`);
}
