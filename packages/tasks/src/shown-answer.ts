/** An answer for machines and for people. */
export interface ShownAnswer {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** As cells of a table, if not each field of `json`. */
  readonly cells?: Readonly<Record<string, unknown>>;
}

/** A share as a percentage; one that is not 0 does not look like 0. */
export function percentage(share: number): string {
  const percent = 100 * share;
  if (percent === 0 || percent >= 0.1) return `${percent.toFixed(1)}%`;
  return percent < 1e-4 ? '<0.0001%' : `${percent.toFixed(Math.ceil(-Math.log10(percent)) + 1)}%`;
}
