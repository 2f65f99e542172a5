import { sentiment } from './sentiment.js';

const [model = '../../../shared/models/all-minilm-l6-v2', data = '../../../shared/data/sst2'] = process.argv.slice(2);
console.log(await sentiment({ model, train: `${data}/train.tsv`, test: `${data}/dev.tsv`, epochs: 2 }));
