export { type TfjsOptions, tfjs } from './backend.js';
export { type FlavourName, flavourNames } from './runtime.js';
