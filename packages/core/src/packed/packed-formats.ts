/** NF4, as bitsandbytes has it. */
export interface NormalFloatFormat {
  /** Weights that share a scale. */
  readonly block: number;
  /** Scales that share a scale of their own; absent if they are f32. */
  readonly nestedBlock?: number;
}

/** How weights are packed, by their names. */
export type PackedFormats = ReadonlyMap<string, NormalFloatFormat>;
