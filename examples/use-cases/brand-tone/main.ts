import { brandTone } from './brand-tone.js';

const [model = '../../../../shared/models/all-minilm-l6-v2'] = process.argv.slice(2);
console.log(await brandTone({ model, numIterations: 5 }));
