/** The model families that there are; all but BERT are loaded when a model of theirs is. */
import type { Architecture } from './architecture.js';
import { bert } from './bert/architecture.js';

const others = [
  'awd_lstm',
  'bilstm',
  'embedding-bag',
  'gemma',
  'gemma2',
  'gemma3_text',
  'gpt2',
  'gpt_neox',
  'llama',
  'mistral',
  'phi3',
  'qwen2',
  'qwen3',
  'smollm3',
  'text-cnn',
  'tf-idf',
] as const;

export type OtherModelType = (typeof others)[number];

/** The values of `model_type` that there are. */
export const modelTypes: readonly string[] = [bert.modelType, ...others].sort();

/**
 * @param file how messages call the configuration
 * @param own families of the caller's, which go before those of the same name here
 * @throws AttuneError `E_MODEL_UNSUPPORTED`
 */
export async function architectureOf(
  modelType: string,
  file: string,
  own: readonly Architecture[] = [],
): Promise<Architecture> {
  const found = [...own, bert].find((architecture) => architecture.modelType === modelType);
  return found ?? (await import('./other-families.js')).otherArchitecture(modelType, file, own);
}
