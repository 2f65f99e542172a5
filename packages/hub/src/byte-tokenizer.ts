/** The files of a tokenizer whose tokens are bytes: for models of characters, which learn a language from nothing. */
import { writeJson } from './model-directory.js';
import type { Storage } from './storage.js';
import { byteLetters } from './tokenization/byte-level.js';

/** Ends a text, and fills rows. */
const END = '<|endoftext|>';

/** Tokens of `saveByteTokenizer`: each byte is its own id, and the last one ends a text. */
export const BYTE_VOCABULARY_SIZE = byteLetters.length + 1;

/**
 * Writes tokenizer.json and tokenizer_config.json, which `loadTokenizer` and transformers load: byte-level BPE without merges,
 * so that an English character is a token, and others are two to four.
 */
export async function saveByteTokenizer(storage: Storage): Promise<void> {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: true };
  await writeJson(storage, 'tokenizer.json', {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [
      {
        ...{ id: byteLetters.length, content: END, special: true },
        ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
      },
    ],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      ...{ type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null },
      ...{ fuse_unk: false, byte_fallback: false },
      vocab: Object.fromEntries(byteLetters.map((letter, byte) => [letter, byte])),
      merges: [],
    },
  });
  await writeJson(storage, 'tokenizer_config.json', {
    tokenizer_class: 'PreTrainedTokenizerFast',
    eos_token: END,
    pad_token: END,
  });
}
