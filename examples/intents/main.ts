import { intents } from './intents.js';

const [model = '../../../shared/models/all-minilm-l6-v2', data = '../../../shared/data/banking77'] =
  process.argv.slice(2);
const { metrics, answer } = await intents({ model, train: `${data}/train.csv`, test: `${data}/test.csv`, epochs: 3 });
console.log(metrics, answer);
