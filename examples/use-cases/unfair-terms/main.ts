import { fileURLToPath } from 'node:url';
import { baseMini } from '@attune/base-mini';
import { unfairTerms } from './unfair-terms.js';

const [data = '../../../../shared/data/unfair-tos'] = process.argv.slice(2);
console.log(await unfairTerms({ model: fileURLToPath(baseMini), data }));
