/** For tests: tokenizers as language models have them, of letters and a few words. */
import { MemoryStorage, type Storage, writeFile } from '@attune/hub';

const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const letters = [...'abcdefghijklmnopqrstuvwxyzĠ'];
const special = ['<s>', '</s>', '<pad>'].map((content, id) => ({ id, content, special: true }));
const whole = { single_word: false, lstrip: false, rstrip: false, normalized: false };
const vocabulary = (tokens: readonly string[]) =>
  Object.fromEntries([...special.map(({ content }) => content), ...tokens].map((token, id) => [token, id]));

/** Byte-level BPE as SmolLM has it, with three special tokens. */
export const byteLevelTokenizer = {
  version: '1.0',
  added_tokens: [
    ...special.map((token) => ({ ...token, ...whole })),
    { id: 35, content: '<tool>', special: false, ...whole },
  ],
  normalizer: null,
  pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits', individual_digits: true }, bytes] },
  decoder: { type: 'ByteLevel' },
  post_processor: null,
  model: {
    type: 'BPE',
    vocab: vocabulary([...letters, 'th', 'the', 'Ġthe', 'in', 'ing']),
    merges: ['t h', 'th e', 'Ġ the', 'i n', 'in g'],
  },
};

/** The same with what JSON takes. */
export const jsonTokenizer = {
  ...byteLevelTokenizer,
  added_tokens: byteLevelTokenizer.added_tokens.slice(0, 3),
  model: {
    type: 'BPE',
    vocab: vocabulary([...letters, ...'{}[]":,.-+0123456789E', 'tr', '":']),
    merges: ['t r', '" :'],
  },
};

/** BPE of SentencePiece as Llama 2 has it: bytes for what is no token, a space before the text, `<s>` in front. */
export const sentencePieceTokenizer = {
  ...byteLevelTokenizer,
  added_tokens: byteLevelTokenizer.added_tokens.slice(0, 3),
  pre_tokenizer: null,
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'Prepend', prepend: '▁' },
      { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
    ],
  },
  decoder: {
    type: 'Sequence',
    decoders: [
      { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      { type: 'Strip', content: ' ', start: 1, stop: 0 },
    ],
  },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } },
  },
  model: {
    type: 'BPE',
    vocab: vocabulary([...'abeghinrst▁', 'th', 'the', '▁the', 'in', '<0x21>', '<0xC3>', '<0xA9>']),
    merges: ['t h', 'th e', '▁ the', 'i n'],
    byte_fallback: true,
    fuse_unk: true,
    unk_token: '<pad>',
  },
};
export const chatTemplate = "{% for message in messages %}<s>{{ message['content'] }}</s>{% endfor %}";
const configuration = { bos_token: '<s>', eos_token: '</s>', pad_token: '<pad>', chat_template: chatTemplate };

/** A directory with a tokenizer and a chat template. */
export async function tokenizerFiles(definition: object): Promise<Storage> {
  const storage = new MemoryStorage('tokenizer');
  await writeFile(storage, 'tokenizer.json', JSON.stringify(definition));
  await writeFile(storage, 'tokenizer_config.json', JSON.stringify(configuration));
  return storage;
}
