import { doraMethod } from '../dora.js';
import { loraMethod } from '../lora.js';
import { prefixTuningMethod } from '../prefix-tuning.js';
import { promptTuningMethod } from '../prompt-tuning.js';
import { veraMethod } from '../vera.js';
import type { AdapterMethod } from './method.js';

/** The adapter methods of Attune. */
export const adapterMethods: readonly AdapterMethod[] = [
  loraMethod,
  doraMethod,
  veraMethod,
  promptTuningMethod,
  prefixTuningMethod,
];
