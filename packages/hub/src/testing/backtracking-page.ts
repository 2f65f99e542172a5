/** A tokenizer with a pattern that backtracks, in a browser: what it finds, how it ends, and what the page does meanwhile. */
import { isAttuneError } from '@attune/ir';
import { Tokenizer } from '../tokenizer.js';

export default async () => {
  const tokenizer = new Tokenizer(
    'tokenizer.json',
    {
      added_tokens: [],
      pre_tokenizer: { type: 'Split', pattern: { Regex: '(a+)+(?=b)|(a+)+$' }, behavior: 'Isolated', invert: false },
      model: {
        type: 'WordPiece',
        vocab: { '[UNK]': 0, a: 1, '##a': 2, b: 3 },
        unk_token: '[UNK]',
        continuing_subword_prefix: '##',
      },
    },
    {},
  );
  const [encoding] = await tokenizer.encode(['aab']);
  let turns = 0;
  setInterval(() => turns++, 20);
  const error = await tokenizer
    .encode([`${'a'.repeat(40)}c`], { budgetMilliseconds: 1000 })
    .catch((thrown: unknown) => thrown);
  return {
    tokens: encoding?.tokens,
    ...(isAttuneError(error) ? { code: error.code, field: error.field } : { error: String(error) }),
    turns,
  };
};
