/** Where @huggingface/tokenizers 0.2 differs from the Rust library, found by its golden encodings. */

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether BERT's normalizer is to put spaces around Chinese characters. */
export function splitsIdeographs(definition: object): boolean {
  const normalizer = 'normalizer' in definition ? definition.normalizer : undefined;
  return isObject(normalizer) && normalizer.type === 'BertNormalizer' && normalizer.handle_chinese_chars !== false;
}

/** Spaces around the ideographs beyond U+FFFF, which the library's normalizer takes for two other characters each. */
export function separateIdeographs(text: string): string {
  return text.replace(/[\u{20000}-\u{2A6DF}\u{2A700}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu, ' $& ');
}

/**
 * The pre-tokenizer `Digits` splits at every numeric character (½ and ² too), the library's at decimal digits only: it
 * becomes the `Split` that says so.
 */
export function correctDefinition(definition: object): object {
  if (!('pre_tokenizer' in definition)) return definition;
  return { ...definition, pre_tokenizer: correctPreTokenizer(definition.pre_tokenizer) };
}

function correctPreTokenizer(preTokenizer: unknown): unknown {
  if (!isObject(preTokenizer)) return preTokenizer;
  if (preTokenizer.type === 'Sequence' && Array.isArray(preTokenizer.pretokenizers)) {
    return { ...preTokenizer, pretokenizers: preTokenizer.pretokenizers.map(correctPreTokenizer) };
  }
  if (preTokenizer.type !== 'Digits') return preTokenizer;
  const pattern = preTokenizer.individual_digits === true ? '\\p{N}' : '\\p{N}+';
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}
