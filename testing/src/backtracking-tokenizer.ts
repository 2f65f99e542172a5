/** tokenizer.json with a pattern that backtracks for ever on many times "a" before another letter than "b". */
export const backtrackingTokenizer = {
  added_tokens: [],
  pre_tokenizer: { type: 'Split', pattern: { Regex: '(a+)+(?=b)|(a+)+$' }, behavior: 'Isolated', invert: false },
  model: {
    type: 'WordPiece',
    vocab: { '[UNK]': 0, a: 1, '##a': 2, b: 3 },
    unk_token: '[UNK]',
    continuing_subword_prefix: '##',
  },
};

/** A text that its pattern does not get past. */
export const endlessText = `${'a'.repeat(40)}c`;
