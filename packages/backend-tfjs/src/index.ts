export { type TfjsOptions, tfjs } from './backend.js';
export { lower } from './lowering/lower.js';
export { printPlan } from './lowering/print-plan.js';
export { type FlavourName, flavourNames } from './runtime.js';
