export interface UlmfitRun {
  readonly task: string;
  readonly method: string;
  /** Labelled texts. */
  readonly shots: number;
  readonly seed: number;
}

export interface MeasuredUlmfit extends UlmfitRun {
  /** On the task's test, 0 to 1. */
  readonly accuracy: number;
}

export const ulmfitResults: string;

export function readUlmfit(): readonly MeasuredUlmfit[];
