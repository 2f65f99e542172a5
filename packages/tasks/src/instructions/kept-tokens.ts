/** Rows that are too long for the model lose what is learned last. */

/**
 * Which of the tokens stay: the first `length`, if what is learned lies in them; else a part around the last answer, of which
 * as much as possible stays, with a quarter of the row in front of it.
 * @param learned for each token whether it is a target
 */
export function keptTokens(learned: readonly boolean[], length: number): readonly [start: number, end: number] {
  const total = learned.length;
  const last = learned.lastIndexOf(true);
  if (total <= length || last < length || !learned.includes(false)) return [0, Math.min(total, length)];
  const answer = learned.lastIndexOf(false, last) + 1;
  const start = Math.min(last + 1 - length, Math.max(0, answer - Math.floor(length / 4)));
  return [start, start + length];
}
