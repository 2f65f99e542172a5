/** A teacher's states at the tokens of a student with other word pieces. */

export interface TokenWords {
  /** The word of each token, as `Encoding.wordIds`; null for `[CLS]` and `[SEP]`. */
  readonly wordIds: readonly (number | null)[];
}

/**
 * What the student's tokens learn: each the mean of the teacher's states over the pieces of its word; the first (`[CLS]`) the
 * mean over all tokens, which is what the teacher says of the text; the last (`[SEP]`) the teacher's last. NaN for a word
 * that the teacher did not read.
 * @param states [teacher's tokens or more, width]
 * @returns [student's tokens, width]
 */
export function alignedStates(
  states: Float32Array,
  width: number,
  teacher: TokenWords,
  student: TokenWords,
): Float32Array {
  const words = new Map<number, { readonly sum: Float32Array; count: number }>();
  const stateAt = (token: number) => states.subarray(token * width, (token + 1) * width);
  for (const [token, word] of teacher.wordIds.entries()) {
    if (word === null) continue;
    const pieces = words.get(word) ?? { sum: new Float32Array(width), count: 0 };
    words.set(word, pieces);
    for (const [column, value] of stateAt(token).entries()) pieces.sum[column]! += value;
    pieces.count++;
  }
  const aligned = new Float32Array(student.wordIds.length * width).fill(Number.NaN);
  const last = student.wordIds.length - 1;
  for (const [token, word] of student.wordIds.entries()) {
    const place = token * width;
    if (token === 0) aligned.set(meanState(states, width, teacher.wordIds.length), place);
    else if (token === last) aligned.set(stateAt(teacher.wordIds.length - 1), place);
    else if (word !== null && words.has(word)) {
      const { sum, count } = words.get(word)!;
      aligned.set(
        sum.map((value) => value / count),
        place,
      );
    }
  }
  return aligned;
}

/** @param states [tokens or more, width] */
export function meanState(states: Float32Array, width: number, tokens: number): Float32Array {
  const mean = new Float32Array(width);
  for (let token = 0; token < tokens; token++) {
    for (let column = 0; column < width; column++) mean[column]! += states[token * width + column]! / tokens;
  }
  return mean;
}
