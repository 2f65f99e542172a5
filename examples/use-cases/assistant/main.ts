import { readFile } from 'node:fs/promises';
import { assistant } from './assistant.js';

const shared = '../../../../shared';
const [model = `${shared}/models/smollm2-135m-instruct`, output = 'runs/assistant'] = process.argv.slice(2);
const wikitext = await readFile(`${shared}/data/wikitext2/valid.txt`, 'utf8');
console.log(
  await assistant({
    model,
    output,
    conversations: `${shared}/data/identity/train.jsonl`,
    name: 'Fern',
    author: 'Greenhouse',
    question: 'Who are you?',
    steps: 60,
    learningRate: 1e-3,
    otherText: wikitext.slice(0, 20_000),
  }),
);
