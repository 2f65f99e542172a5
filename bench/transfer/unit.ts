import type { MeasuredTransfer, TransferUnit } from '../transfer-results.mjs';

/** What is measured and kept as a whole. */
export interface Unit extends TransferUnit {
  run(): Promise<MeasuredTransfer['measures']>;
}
