export { full } from './full.js';
export { head } from './head.js';
export { labelCountOf } from './lora/label-count.js';
export { type LoadedLora, type LoadLoraOptions, loadLora, loraOptionsOf, readAdapterWeights } from './lora/load.js';
export { type LoraPlan, lora, planOf } from './lora/lora.js';
export { mergeLora, unmergeLora } from './lora/merge.js';
export { adapterKey } from './lora/names.js';
export { type LoraOptions, type LoraSettings, parseLoraOptions } from './lora/options.js';
