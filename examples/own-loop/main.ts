import { ownLoop } from './own-loop.js';

const [model = '../../packages/base-mini', train = '../quickstart/data/train.csv'] = process.argv.slice(2);
console.log(await ownLoop({ model, train, epochs: 8, output: 'runs/own-loop' }));
