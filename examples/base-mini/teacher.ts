/** What the stages share. */
import type { Backend } from '@attune/ir';

/** Tokens of a text that teacher and student read. */
export const TEACHER_LENGTH = 64;

export interface StageContext {
  readonly backend: Backend;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}
