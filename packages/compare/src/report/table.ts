/** The table of a comparison, as both reports show it. */
import type { Summary } from '../recommend.js';
import { bytes, percent, seconds, whole, withSpread } from './figures.js';

interface Column {
  readonly name: string;
  cell(summary: Summary): string;
}

export const columns: readonly Column[] = [
  { name: 'method', cell: ({ method }) => method },
  { name: 'examples per class', cell: ({ shots }) => String(shots) },
  { name: 'accuracy', cell: ({ accuracy, spread, seeds }) => withSpread(accuracy, spread, seeds) },
  { name: 'macro F1', cell: ({ macroF1 }) => percent(macroF1) },
  { name: 'calibration error', cell: ({ calibrationError }) => percent(calibrationError) },
  { name: 'seconds', cell: (summary) => seconds(summary.seconds) },
  { name: 'memory', cell: ({ memoryBytes }) => (memoryBytes === undefined ? '' : bytes(memoryBytes)) },
  { name: 'trainable parameters', cell: ({ trainableParameters }) => whole(trainableParameters) },
  { name: 'to store', cell: ({ storedBytes }) => bytes(storedBytes) },
];
