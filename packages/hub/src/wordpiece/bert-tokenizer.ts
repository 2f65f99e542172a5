/** The files of an uncased BERT tokenizer with a vocabulary of its own. */
import { writeJson } from '../model-directory.js';
import { type Storage, writeFile } from '../storage.js';
import { CONTINUATION } from './pieces.js';

/** The first pieces of the vocabulary. */
export const bertSpecialTokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'] as const;

export const bertNormalizer = {
  type: 'BertNormalizer',
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents: null,
  lowercase: true,
} as const;

export const bertPreTokenizer = { type: 'BertPreTokenizer' } as const;

export const wordPieceDecoder = { type: 'WordPiece', prefix: CONTINUATION, cleanup: true } as const;

/** `post_processor` that puts a text, or two, between special tokens. */
export function bertTemplate(start: string, end: string): Readonly<Record<string, unknown>> {
  const special = (token: string, typeId: number) => ({ SpecialToken: { id: token, type_id: typeId } });
  const text = (id: string, typeId: number) => ({ Sequence: { id, type_id: typeId } });
  const single = [special(start, 0), text('A', 0), special(end, 0)];
  return { type: 'TemplateProcessing', single, pair: [...single, text('B', 1), special(end, 1)] };
}

/**
 * tokenizer.json of a vocabulary, as `trainWordPiece` makes it: normalizer, words, template and decoder are those of
 * MiniLM (and of bert-base-uncased).
 */
export function bertTokenizerDefinition(vocabulary: readonly string[]): Readonly<Record<string, unknown>> {
  const idOf = (token: string) => vocabulary.indexOf(token);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: bertSpecialTokens.map((content) => ({
      id: idOf(content),
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: bertNormalizer,
    pre_tokenizer: bertPreTokenizer,
    post_processor: {
      ...bertTemplate('[CLS]', '[SEP]'),
      special_tokens: Object.fromEntries(
        ['[CLS]', '[SEP]'].map((token) => [token, { id: token, ids: [idOf(token)], tokens: [token] }]),
      ),
    },
    decoder: wordPieceDecoder,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: CONTINUATION,
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((piece, id) => [piece, id])),
    },
  };
}

/**
 * Writes tokenizer.json, tokenizer_config.json and vocab.txt, which `loadTokenizer` and transformers load.
 * @param maxLength positions of the model, 512 by default
 */
export async function saveBertTokenizer(
  storage: Storage,
  vocabulary: readonly string[],
  { maxLength = 512 }: { readonly maxLength?: number } = {},
): Promise<void> {
  await writeJson(storage, 'tokenizer.json', bertTokenizerDefinition(vocabulary));
  await writeJson(storage, 'tokenizer_config.json', {
    tokenizer_class: 'BertTokenizer',
    do_lower_case: true,
    strip_accents: null,
    tokenize_chinese_chars: true,
    model_max_length: maxLength,
    pad_token: '[PAD]',
    unk_token: '[UNK]',
    cls_token: '[CLS]',
    sep_token: '[SEP]',
    mask_token: '[MASK]',
  });
  await writeFile(storage, 'vocab.txt', vocabulary.map((piece) => `${piece}\n`).join(''));
}
