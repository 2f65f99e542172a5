/** A half-open range. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/**
 * Ranges over `count` lines, as equal as possible, of at most `bytes` each.
 * @param lineBytes what a line takes
 */
export function partsOf(count: number, lineBytes: number, bytes: number): readonly Part[] {
  const parts = Math.min(count, Math.max(1, Math.ceil((count * lineBytes) / bytes)));
  const size = Math.ceil(count / Math.max(parts, 1));
  return Array.from({ length: parts }, (_, part) => ({
    start: part * size,
    end: Math.min((part + 1) * size, count),
  })).filter(({ start, end }) => start < end);
}
