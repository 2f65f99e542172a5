import { BYTE_VOCABULARY_SIZE, MemoryStorage, type Storage, saveByteTokenizer } from '@attune/hub';
import { createModel } from '@attune/models';
import type { Settings } from './protocol.js';

/** Characters that the model sees at once. */
export const WINDOW = 128;

/** The directory of a Llama with random weights, whose tokens are bytes. */
export async function newModel({ layers, width }: Pick<Settings, 'layers' | 'width'>): Promise<Storage> {
  const directory = new MemoryStorage('characters');
  await saveByteTokenizer(directory);
  const config = {
    model_type: 'llama',
    vocab_size: BYTE_VOCABULARY_SIZE,
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: width / 32,
    num_key_value_heads: width / 32,
    intermediate_size: 3 * width,
    max_position_embeddings: 4 * WINDOW,
    tie_word_embeddings: true,
    eos_token_id: BYTE_VOCABULARY_SIZE - 1,
  };
  const model = await createModel(config, { task: 'causal-language-modeling', tokenizer: directory });
  await model.save(directory);
  return directory;
}
