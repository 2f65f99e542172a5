/** Which tokens of one or two texts stay, and the windows over the rest, by the rules of the Rust library. */
import { AttuneError } from '@attune/ir';

/** Which text of a pair gives way when the two are too long. */
export type TruncationStrategy = 'longest_first' | 'only_first' | 'only_second';
export type Side = 'right' | 'left';

/** A range of tokens. */
export interface TokenRange {
  readonly start: number;
  readonly end: number;
}

export interface TruncationOptions {
  /** Tokens of the texts together, special ones not counted. */
  readonly room: number;
  readonly strategy: TruncationStrategy;
  /** The side that is cut off. */
  readonly side: Side;
  /** Tokens that a window shares with the one before. */
  readonly stride: number;
}

/** How many tokens of each text stay. @throws AttuneError `E_TOO_LONG` where the strategy's text is too short to give way */
export function keptLengths(
  first: number,
  second: number | undefined,
  { room, strategy }: Pick<TruncationOptions, 'room' | 'strategy'>,
): readonly [number, number] {
  const total = first + (second ?? 0);
  const excess = total - room;
  if (excess <= 0) return [first, second ?? 0];
  if (strategy === 'longest_first') {
    return second === undefined ? [room, 0] : longestFirst(first, second, room);
  }
  const length = strategy === 'only_first' ? first : (second ?? 0);
  if (length <= excess) {
    throw new AttuneError(
      'E_TOO_LONG',
      `${total} tokens cannot be cut to ${room}: ${strategy} may only shorten a text of ${length}.`,
      { field: 'truncation', hint: 'Truncate longest_first, or raise maxLength.' },
    );
  }
  return strategy === 'only_first' ? [length - excess, second ?? 0] : [first, length - excess];
}

function longestFirst(first: number, second: number, room: number): readonly [number, number] {
  let [shorter, longer] = first > second ? [second, first] : [first, second];
  longer = shorter > room ? shorter : Math.max(shorter, room - shorter);
  if (shorter + longer > room) {
    shorter = Math.floor(room / 2);
    longer = shorter + (room % 2);
  }
  return first > second ? [longer, shorter] : [shorter, longer];
}

/** The windows over a text of `length` tokens; the first is the truncated text itself. */
export function windowsOf(
  length: number,
  kept: number,
  { stride, side }: Pick<TruncationOptions, 'stride' | 'side'>,
): readonly TokenRange[] {
  if (kept >= length) return [{ start: 0, end: length }];
  if (kept === 0)
    return [
      { start: 0, end: 0 },
      { start: 0, end: length },
    ];
  if (stride >= kept) {
    throw new AttuneError('E_CONFIG', `stride is ${stride}; windows keep only ${kept} tokens of the text.`, {
      field: 'stride',
      hint: 'Take a stride below maxLength less the special tokens and the other text.',
    });
  }
  const windows: TokenRange[] = [];
  for (let from = 0; ; from += kept - stride) {
    const to = Math.min(from + kept, length);
    windows.push(side === 'right' ? { start: from, end: to } : { start: length - to, end: length - from });
    if (to === length) return windows;
  }
}
