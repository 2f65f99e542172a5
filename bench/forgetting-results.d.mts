export interface ForgettingRun {
  readonly method: string;
  /** The method's own: alpha, a share, or a strength; 0 for none. */
  readonly strength: number;
  readonly seed: number;
}

export interface MeasuredForgetting extends ForgettingRun {
  /** On the new task, 0 to 1. */
  readonly accuracy: number;
  /** On the earlier task, before and after training. */
  readonly before: number;
  readonly after: number;
}

export const forgettingResults: string;

export function readForgetting(): readonly MeasuredForgetting[];
