/** A tokenizer with a pattern that backtracks, in a browser: what it finds, how it ends, and what the page does meanwhile. */
import { isAttuneError } from '@attune/ir';
import { backtrackingTokenizer, endlessText } from '@attune/testing/backtracking-tokenizer';
import { Tokenizer } from '../tokenizer.js';

export default async () => {
  const tokenizer = new Tokenizer('tokenizer.json', backtrackingTokenizer, {});
  const [encoding] = await tokenizer.encode(['aab']);
  let turns = 0;
  setInterval(() => turns++, 20);
  const error = await tokenizer.encode([endlessText], { budgetMilliseconds: 1000 }).catch((thrown: unknown) => thrown);
  return {
    tokens: encoding?.tokens,
    ...(isAttuneError(error) ? { code: error.code, field: error.field } : { error: String(error) }),
    turns,
  };
};
