/** BERT's tokenizer as transformers 5 makes it, from a vocabulary and the options of tokenizer_config.json. */
import { AttuneError } from '@attune/ir';
import { bertPreTokenizer, bertTemplate, wordPieceDecoder } from '../wordpiece/bert-tokenizer.js';
import { type Definition, isRecord } from './definition.js';
import { mostTokens } from './model-definition.js';

/** Classes that take only the vocabulary of tokenizer.json. */
const classes = [
  'BertTokenizer',
  'DistilBertTokenizer',
  'ConvBertTokenizer',
  'MobileBertTokenizer',
  'SqueezeBertTokenizer',
];
const classesOfModels: Readonly<Record<string, string>> = { bert: 'BertTokenizer', distilbert: 'DistilBertTokenizer' };

const bertTokens: Readonly<Record<string, string>> = {
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
};

/** Whether transformers makes a WordPiece tokenizer anew; the class stands in the configurations. */
export function isBertClass({ model }: Definition, className: unknown, modelType: unknown): boolean {
  const isWordPiece = isRecord(model) && (model.type ?? 'WordPiece') === 'WordPiece' && isRecord(model.vocab);
  const name = className ?? classesOfModels[String(modelType)];
  return isWordPiece && typeof name === 'string' && classes.includes(name.replace(/Fast$/, ''));
}

/** The special tokens that have a name, in transformers' order. */
export function namedTokens(config: Definition, isBert: boolean): readonly unknown[] {
  const names = ['bos_token', 'eos_token', ...Object.keys(bertTokens)];
  return names.map((name) => config[name] ?? (isBert ? bertTokens[name] : undefined));
}

/** Of vocab.txt: a token a line. @throws AttuneError `E_TOKENIZER` for more lines than a vocabulary can have */
export function vocabularyDefinition(text: string, file: string): Definition {
  const vocab: Record<string, number> = Object.create(null);
  const end = text.endsWith('\n') ? text.length - 1 : text.length;
  for (let start = 0, id = 0; start <= end; id++) {
    if (id === mostTokens) throw new AttuneError('E_TOKENIZER', `${file} has more than ${mostTokens} lines.`, { file });
    const newline = text.indexOf('\n', start);
    const lineEnd = newline < 0 || newline > end ? end : newline;
    vocab[text.slice(start, lineEnd).trimEnd()] = id;
    start = lineEnd + 1;
  }
  return { added_tokens: [], model: { type: 'WordPiece', vocab } };
}

/** The vocabulary and added tokens of a definition with all else by the configuration, as `BertTokenizer.__init__`. */
export function bertDefinition(definition: Definition, config: Definition): Definition {
  const contentOf = (name: string): string => {
    const token = config[name];
    const content = isRecord(token) ? token.content : token;
    return typeof content === 'string' ? content : (bertTokens[name] ?? '');
  };
  const vocab = isRecord(definition.model) ? definition.model.vocab : {};
  return {
    ...definition,
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: config.tokenize_chinese_chars ?? true,
      strip_accents: config.strip_accents ?? null,
      lowercase: config.do_lower_case ?? true,
    },
    pre_tokenizer: bertPreTokenizer,
    post_processor: bertTemplate(contentOf('cls_token'), contentOf('sep_token')),
    decoder: wordPieceDecoder,
    model: {
      type: 'WordPiece',
      unk_token: contentOf('unk_token'),
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}
