/** The model families that there are; all but BERT are loaded when a model of theirs is. */
import { AttuneError } from '@attune/ir';
import type { Architecture } from './architecture.js';
import { bert } from './bert/architecture.js';

const families: Readonly<Record<string, () => Promise<Architecture>>> = {
  awd_lstm: async () => (await import('./awd-lstm/architecture.js')).awdLstm,
  bert: async () => bert,
  bilstm: async () => (await import('./bilstm/architecture.js')).bilstm,
  'embedding-bag': async () => (await import('./embedding-bag/architecture.js')).embeddingBag,
  gemma2: async () => (await import('./decoders/gemma2.js')).gemma2,
  gemma3_text: async () => (await import('./decoders/gemma3.js')).gemma3,
  gpt2: async () => (await import('./decoders/gpt2.js')).gpt2,
  gpt_neox: async () => (await import('./decoders/gpt-neox.js')).gptNeox,
  llama: async () => (await import('./decoders/llama.js')).llama,
  mistral: async () => (await import('./decoders/mistral.js')).mistral,
  phi3: async () => (await import('./decoders/phi3.js')).phi3,
  qwen2: async () => (await import('./decoders/qwen2.js')).qwen2,
  qwen3: async () => (await import('./decoders/qwen3.js')).qwen3,
  smollm3: async () => (await import('./decoders/smollm3.js')).smollm3,
  'text-cnn': async () => (await import('./text-cnn/architecture.js')).textCnn,
  'tf-idf': async () => (await import('./tf-idf/architecture.js')).tfidf,
};

/** The values of `model_type` that there are. */
export const modelTypes: readonly string[] = Object.keys(families);

/**
 * @param file how messages call the configuration
 * @param others families of the caller's, which go before those of the same name here
 * @throws AttuneError `E_MODEL_UNSUPPORTED`
 */
export async function architectureOf(
  modelType: string,
  file: string,
  others: readonly Architecture[] = [],
): Promise<Architecture> {
  const own = others.find((architecture) => architecture.modelType === modelType);
  if (own) return own;
  const load = Object.hasOwn(families, modelType) ? families[modelType] : undefined;
  if (load) return load();
  throw new AttuneError(
    'E_MODEL_UNSUPPORTED',
    `${file}: model_type is "${modelType}"; Attune has ${[...modelTypes, ...others.map(({ modelType: other }) => other)].join(', ')}.`,
    { file, field: 'model_type' },
  );
}
