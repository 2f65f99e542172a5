import { fileURLToPath } from 'node:url';
import { baseMini } from '@attune/base-mini';
import { semanticSearch } from './semantic-search.js';

const [data = '../../../../shared/data/medquad'] = process.argv.slice(2);
const files = { train: `${data}/train.jsonl`, test: `${data}/test.jsonl` };
const { before, after } = await semanticSearch({ model: fileURLToPath(baseMini), ...files, epochs: 2 });
console.log({ before, after });
