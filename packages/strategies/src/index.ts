export { full } from './full.js';
export { head } from './head.js';
export { adapterKey, loraOptionsOf, readAdapterWeights } from './lora/files.js';
export { type LoraPlan, lora, planOf } from './lora/lora.js';
export { mergeLora } from './lora/merge.js';
export { type LoraOptions, type LoraSettings, parseLoraOptions } from './lora/options.js';
