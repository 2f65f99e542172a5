/**
 * Regular expressions of widely used models, letter by letter. Each takes time linear in the text; any other one may
 * not. Sources: the tokenizer.json files of GPT-2, Llama 3 and 4, Qwen 2 to 3, DeepSeek, GPT-4o, Mistral, Bloom, CLIP,
 * Falcon, T5, ALBERT and XLM-R.
 */
const contractions = "'s|'t|'re|'ve|'m|'ll|'d";
const tail = String.raw`|\s*[\r\n]+|\s+(?!\S)|\s+`;
const casedWords = (suffix: string) =>
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+${suffix}|` +
  String.raw`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*${suffix}`;

export const gpt2Pattern = String.raw`${contractions}| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`;

const cl100k = (digits: string) =>
  String.raw`(?i:${contractions})|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^\s\p{L}\p{N}]+[\r\n]*${tail}`;

/** Of Llama 3: up to three digits together. */
export const digitGroupsPattern = cl100k(String.raw`\p{N}{1,3}`);
/** Of Qwen 2: each digit by itself. */
export const singleDigitsPattern = cl100k(String.raw`\p{N}`);

export const knownPatterns: ReadonlySet<string> = new Set([
  gpt2Pattern,
  digitGroupsPattern,
  singleDigitsPattern,
  String.raw`${casedWords(`(?i:${contractions})?`)}|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*${tail}`,
  String.raw`${casedWords('')}|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*${tail}`,
  String.raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_` +
    '`' +
    String.raw`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*${tail}`,
  String.raw`${contractions}|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`,
  ' ?[^(\\s|[.,!?…。，、।۔،])]+',
  '[一-龥\u0800-一가-\ud7ff]+',
  '[一-龥\u3040-\u309f\u30a0-\u30ff]+',
  '[一-龥぀-ゟ゠-ヿ]+',
  ...[String.raw`\p{N}{1,3}`, String.raw`\p{N}`, String.raw`\p{N}+`, String.raw`\d`, String.raw`\d+`],
  ...['[0-9]', '[0-9][0-9][0-9]', String.raw`[\r\n]`, String.raw`\s+`, String.raw`\s`, ' {2,}', ' +'],
  ...[String.raw`\s?\p{L}+`, String.raw`\s?\p{P}+`],
]);
