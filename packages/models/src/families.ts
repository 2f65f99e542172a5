/** The model families that there are; all but BERT are loaded when a model of theirs is. */
import { AttuneError } from '@attune/ir';
import type { Architecture } from './architecture.js';
import { bert } from './bert/architecture.js';

const families: Readonly<Record<string, () => Promise<Architecture>>> = {
  awd_lstm: async () => (await import('./awd-lstm/architecture.js')).awdLstm,
  bert: async () => bert,
  'embedding-bag': async () => (await import('./embedding-bag/architecture.js')).embeddingBag,
  llama: async () => (await import('./llama/architecture.js')).llama,
};

/** The values of `model_type` that there are. */
export const modelTypes: readonly string[] = Object.keys(families);

/** @param file how messages call the configuration @throws AttuneError `E_MODEL_UNSUPPORTED` */
export async function architectureOf(modelType: string, file: string): Promise<Architecture> {
  const load = Object.hasOwn(families, modelType) ? families[modelType] : undefined;
  if (load) return load();
  throw new AttuneError(
    'E_MODEL_UNSUPPORTED',
    `${file}: model_type is "${modelType}"; Attune has ${modelTypes.join(', ')}.`,
    { file, field: 'model_type' },
  );
}
