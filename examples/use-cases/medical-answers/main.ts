import { fileURLToPath } from 'node:url';
import { baseMini } from '@attune/base-mini';
import { medicalAnswers } from './medical-answers.js';

const [data = '../../../../shared/data/medquad'] = process.argv.slice(2);
console.log(await medicalAnswers({ model: fileURLToPath(baseMini), data }));
