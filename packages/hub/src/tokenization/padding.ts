/** Padding of a batch to one length. */
import type { Encoding } from './encoding.js';
import type { Side } from './truncation.js';

export interface Padding {
  readonly length: number;
  readonly side: Side;
  readonly id: number;
  readonly typeId: number;
  readonly token: string;
}

export interface PaddingOptions extends Omit<Padding, 'length'> {
  /** A length for all, or that of the longest. */
  readonly to: number | 'longest';
  /** The length is rounded up to a multiple of this. */
  readonly multipleOf: number | undefined;
}

export function padAll(
  encodings: readonly Encoding[],
  { to, multipleOf = 1, ...padding }: PaddingOptions,
): readonly Encoding[] {
  const longest = encodings.reduce((length, { ids }) => Math.max(length, ids.length), 0);
  const length = Math.ceil((to === 'longest' ? longest : to) / multipleOf) * multipleOf;
  return encodings.map((encoding) => encoding.padded({ ...padding, length }));
}
