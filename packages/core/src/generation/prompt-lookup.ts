/**
 * Speculative decoding by looking into the text itself (Saxena 2023, transformers' prompt lookup): what came after the last
 * tokens before is guessed to come again, and one pass tells how much of that holds. Texts are those without.
 */
import type { HostTensor } from '@attune/ir';
import type { Text } from './text.js';
import type { TextCache } from './text-cache.js';

/** The longest sequence that is looked for, as in transformers. */
const LONGEST_MATCH = 2;

/** What followed the first place where the text's last tokens stand; at most `count` tokens. */
export function guessedTokens(text: readonly number[], count: number): readonly number[] {
  for (let size = Math.min(LONGEST_MATCH, text.length - 1); size > 0; size--) {
    const last = text.length - size;
    for (let start = 0; start < last; start++) {
      let same = 0;
      while (same < size && text[start + same] === text[last + same]) same++;
      if (same === size) return text.slice(start + size, start + size + count);
    }
  }
  return [];
}

/**
 * The tokens that one pass makes sure of; undefined at the end of the text.
 * @param text has one token at least that the cache does not hold
 */
export async function nextTokens(
  text: Text,
  cache: TextCache,
  { count, maxPositions }: { readonly count: number; readonly maxPositions: number },
): Promise<readonly (number | undefined)[]> {
  const { prompt, written } = text;
  const last = written.at(-1)!;
  const width = count + 1;
  const isRoom = prompt.length + written.length + width <= maxPositions;
  const guessed = isRoom ? guessedTokens([...prompt, ...written], count) : [];
  if (guessed.length === 0)
    return [text.next(await cache.read([[last]], text.needsScores ? 'logits' : 'chosen', 1), 0)];
  const start = cache.position;
  const scores: HostTensor = await cache.readAhead([last, ...guessed], width);
  const made: (number | undefined)[] = [];
  for (let place = 0; place <= guessed.length; place++) {
    const token = text.next(scores, place);
    made.push(token);
    if (token === undefined || token !== guessed[place]) break;
  }
  // All but the last of what was made has been read.
  cache.keep(start + made.length);
  return made;
}
