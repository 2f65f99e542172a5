/** For tests: a directory with a tiny BERT of random weights and a tokenizer of letters and a few words. */
import { initialize } from '@attune/core';
import { describeModel } from '@attune/core/internal';
import {
  bertSpecialTokens,
  inMemory,
  MemoryStorage,
  type Storage,
  saveBertTokenizer,
  writeJson,
  writeWeights,
} from '@attune/hub';
import { featureExtractionTask } from '@attune/tasks';
import { modelOf } from '../model-of.js';

const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789.,?!-'];
const words = ['the', 'cat', 'dog', 'sat', 'on', 'mat', 'bonn', 'paris', 'in', 'is', 'where', 'good', 'bad', 'very'];
const tokens = [...bertSpecialTokens, ...words, ...letters, ...letters.map((letter) => `##${letter}`)];

/** Ids of the tokens by their text. */
export const tinyVocabulary: Readonly<Record<string, number>> = Object.fromEntries(
  tokens.map((token, id) => [token, id]),
);

const config = {
  architectures: ['BertModel'],
  model_type: 'bert',
  vocab_size: tokens.length,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 64,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  max_position_embeddings: 64,
  type_vocab_size: 2,
  initializer_range: 0.1,
  layer_norm_eps: 1e-12,
  pad_token_id: 0,
};

/** Writes the directory, with further fields of config.json. */
export async function writeTinyBert<Target extends Storage>(
  target: Target,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<Target> {
  const { model } = await modelOf(config, 'config.json', { task: featureExtractionTask });
  const weights = describeModel(model).parameters.map(({ name, type }) => {
    const isScale = name.endsWith('LayerNorm.weight');
    const start = isScale
      ? ({ kind: 'constant', value: 1 } as const)
      : ({ kind: 'normal', standardDeviation: 0.1 } as const);
    return [name, initialize(start, type, 5, name)] as const;
  });
  await writeWeights(target, inMemory(new Map(weights)));
  await writeJson(target, 'config.json', { ...config, ...fields });
  await saveBertTokenizer(target, tokens, { maxLength: 64 });
  return target;
}

export const tinyBert = (): Promise<MemoryStorage> => writeTinyBert(new MemoryStorage());
