/** Something that is measured once and kept. */
export interface TransferUnit {
  /** What Attune stands beside. */
  readonly library: string;
  readonly data: string;
  /** Absent if there is nothing random. */
  readonly seed?: number;
}

/** A figure of both sides. */
export interface BothSides {
  readonly attune: number;
  readonly peer: number;
}

export interface MeasuredTransfer extends TransferUnit {
  /** By their names, as transfer-table.mjs knows them. */
  readonly measures: Readonly<Record<string, BothSides>>;
}

export const transferResults: string;

export function readTransfer(): readonly MeasuredTransfer[];
