import type { TensorType } from '@attune/ir';

/** The indices from `start` to below `limit` of one axis. */
export interface Range {
  readonly start: number;
  readonly limit: number;
}

/** A box of a tensor: one range per axis. */
export type Window = readonly Range[];

const wholeAxis = (size: number): Range => ({ start: 0, limit: size });

export const wholeOf = ({ shape }: TensorType): Window => shape.map(wholeAxis);

export const isWholeAxis = ({ start, limit }: Range, size: number): boolean => start === 0 && limit === size;

export const isWhole = (window: Window, { shape }: TensorType): boolean =>
  window.every((range, axis) => isWholeAxis(range, shape[axis]!));

const sizeOf = ({ start, limit }: Range): number => limit - start;

export const shapeOf = (window: Window): readonly number[] => window.map(sizeOf);

export const sameWindow = (a: Window, b: Window): boolean =>
  a.every(({ start, limit }, axis) => start === b[axis]!.start && limit === b[axis]!.limit);

/** The smallest window that holds both. */
export const hull = (a: Window, b: Window): Window =>
  a.map(({ start, limit }, axis) => ({
    start: Math.min(start, b[axis]!.start),
    limit: Math.max(limit, b[axis]!.limit),
  }));
