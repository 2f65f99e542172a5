import { adaloraMethod } from '../adalora.js';
import { boftMethod } from '../boft.js';
import { bottleneckMethod } from '../bottleneck.js';
import { doraMethod } from '../dora.js';
import { ia3Method } from '../ia3.js';
import { lnTuningMethod } from '../ln-tuning.js';
import { lohaMethod } from '../loha.js';
import { lokrMethod } from '../lokr.js';
import { loraMethod } from '../lora.js';
import { oftMethod } from '../oft.js';
import { pTuningMethod } from '../p-tuning.js';
import { prefixTuningMethod } from '../prefix-tuning.js';
import { promptTuningMethod } from '../prompt-tuning.js';
import { veraMethod } from '../vera.js';
import type { AdapterMethod } from './method.js';

/** The adapter methods of Attune. */
export const adapterMethods: readonly AdapterMethod[] = [
  loraMethod,
  doraMethod,
  adaloraMethod,
  veraMethod,
  ia3Method,
  lohaMethod,
  lokrMethod,
  oftMethod,
  boftMethod,
  bottleneckMethod,
  lnTuningMethod,
  promptTuningMethod,
  pTuningMethod,
  prefixTuningMethod,
];
