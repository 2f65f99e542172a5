/** For tests: a directory with a tiny BERT of random weights and a tokenizer of letters and a few words. */
import { initialize, type Model } from '@attune/core';
import { inMemory, MemoryStorage, type Storage, writeJson, writeWeights } from '@attune/hub';
import { bert } from '../bert/architecture.js';
import { parametersOf } from '../parameters.js';

const specials = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] as const;
const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789.,?!-'];
const words = ['the', 'cat', 'dog', 'sat', 'on', 'mat', 'bonn', 'paris', 'in', 'is', 'where', 'good', 'bad', 'very'];
const tokens = [...specials, ...words, ...letters, ...letters.map((letter) => `##${letter}`)];

/** Ids of the tokens by their text. */
export const tinyVocabulary: Readonly<Record<string, number>> = Object.fromEntries(
  tokens.map((token, id) => [token, id]),
);

const special = (token: (typeof specials)[number]) => ({ id: tinyVocabulary[token]!, content: token, special: true });

const tokenizer = {
  version: '1.0',
  truncation: null,
  padding: null,
  added_tokens: specials.map((token) => ({
    ...special(token),
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  })),
  normalizer: {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: 'BertPreTokenizer' },
  post_processor: {
    type: 'TemplateProcessing',
    single: [templateToken('[CLS]', 0), templateText('A', 0), templateToken('[SEP]', 0)],
    pair: [
      templateToken('[CLS]', 0),
      templateText('A', 0),
      templateToken('[SEP]', 0),
      templateText('B', 1),
      templateToken('[SEP]', 1),
    ],
    special_tokens: Object.fromEntries(
      (['[CLS]', '[SEP]'] as const).map((token) => [
        token,
        { id: token, ids: [tinyVocabulary[token]!], tokens: [token] },
      ]),
    ),
  },
  decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
  model: {
    type: 'WordPiece',
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
    max_input_chars_per_word: 100,
    vocab: tinyVocabulary,
  },
};

function templateToken(id: string, typeId: number) {
  return { SpecialToken: { id, type_id: typeId } };
}

function templateText(id: 'A' | 'B', typeId: number) {
  return { Sequence: { id, type_id: typeId } };
}

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
  const family = bert.create(config, 'config.json');
  const task = 'feature-extraction';
  const model: Model = {
    architecture: 'bert',
    task,
    config,
    maxPositions: family.maxPositions,
    inputNames: family.inputNames,
    forward: family.forward(task, { labels: 0 }),
  };
  const weights = parametersOf(model).map(({ name, type }) => {
    const isScale = name.endsWith('LayerNorm.weight');
    const start = isScale
      ? ({ kind: 'constant', value: 1 } as const)
      : ({ kind: 'normal', standardDeviation: 0.1 } as const);
    return [name, initialize(start, type, 5, name)] as const;
  });
  await writeWeights(target, inMemory(new Map(weights)));
  await writeJson(target, 'config.json', { ...config, ...fields });
  await writeJson(target, 'tokenizer.json', tokenizer);
  await writeJson(target, 'tokenizer_config.json', {
    tokenizer_class: 'BertTokenizer',
    pad_token: '[PAD]',
    mask_token: '[MASK]',
    unk_token: '[UNK]',
    cls_token: '[CLS]',
    sep_token: '[SEP]',
    do_lower_case: true,
    model_max_length: 64,
  });
  return target;
}

export const tinyBert = (): Promise<MemoryStorage> => writeTinyBert(new MemoryStorage());
