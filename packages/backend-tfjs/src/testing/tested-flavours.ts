/** The flavours that tests in Node run on. */
import { tfjs } from '../backend.js';
import type { FlavourName } from '../runtime.js';

const [native] = await tfjs({ flavour: 'node' }).probe();
const isRequired = (process.env.ATTUNE_REQUIRE ?? '').includes('tensorflow');
if (!native?.available && !isRequired) console.warn(`Native TensorFlow was not run: ${native?.reason}`);

/** Plain JavaScript, WebAssembly, and native TensorFlow where it is set up or `ATTUNE_REQUIRE` names `tensorflow`. */
export const testedFlavours: readonly FlavourName[] = [
  'cpu',
  'wasm',
  ...(native?.available || isRequired ? (['node'] as const) : []),
];
