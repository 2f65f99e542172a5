/** All model families but BERT. This file is loaded when a model of theirs is, and the family's own then. */
import { AttuneError } from '@attune/ir';
import type { Architecture } from './architecture.js';
import { modelTypes, type OtherModelType } from './families.js';

const families: Readonly<Record<OtherModelType, () => Promise<Architecture>>> = {
  awd_lstm: async () => (await import('./awd-lstm/architecture.js')).awdLstm,
  bilstm: async () => (await import('./bilstm/architecture.js')).bilstm,
  'embedding-bag': async () => (await import('./embedding-bag/architecture.js')).embeddingBag,
  gemma: async () => (await import('./decoders/gemma.js')).gemma,
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

const isListed = (modelType: string): modelType is OtherModelType => Object.hasOwn(families, modelType);

/** @throws AttuneError `E_MODEL_UNSUPPORTED` */
export async function otherArchitecture(
  modelType: string,
  file: string,
  own: readonly Architecture[],
): Promise<Architecture> {
  if (isListed(modelType)) return families[modelType]();
  const known = [...modelTypes, ...own.map(({ modelType: other }) => other)].join(', ');
  const message = `${file}: model_type is "${modelType}"; Attune has ${known}.`;
  throw new AttuneError('E_MODEL_UNSUPPORTED', message, { file, field: 'model_type' });
}
