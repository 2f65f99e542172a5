/** The table of a comparison, as both reports show it. */
import type { Summary } from '../recommend.js';
import { bytes, percent, seconds, whole, withSpread } from './figures.js';

interface Column {
  readonly name: string;
  cell(summary: Summary): string;
}

/** Those of a comparison: forgetting only if it was measured. */
export const columnsFor = (all: readonly Summary[]): readonly Column[] =>
  all.some(({ forgetting }) => forgetting) ? [...columns, forgotten(all)] : columns;

function forgotten(all: readonly Summary[]): Column {
  const measure = all.find(({ forgetting }) => forgetting)?.forgetting?.measure;
  const name = measure === 'accuracy' ? 'accuracy on the earlier task' : 'perplexity on general text';
  const figure = (value: number) => (measure === 'accuracy' ? percent(value) : value.toFixed(2));
  return {
    name,
    cell: ({ forgetting }) => (forgetting ? `${figure(forgetting.before)} → ${figure(forgetting.after)}` : ''),
  };
}

const columns: readonly Column[] = [
  { name: 'method', cell: ({ method }) => method },
  { name: 'examples per class', cell: ({ shots }) => String(shots) },
  { name: 'accuracy', cell: ({ accuracy, spread, seeds }) => withSpread(accuracy, spread, seeds) },
  { name: 'macro F1', cell: ({ macroF1 }) => percent(macroF1) },
  {
    name: 'calibration error, with a temperature',
    cell: ({ calibrationError, calibrationErrorWithTemperature: after }) =>
      `${percent(calibrationError)} → ${percent(after)}`,
  },
  { name: 'seconds', cell: (summary) => seconds(summary.seconds) },
  { name: 'memory', cell: ({ memoryBytes }) => (memoryBytes === undefined ? '' : bytes(memoryBytes)) },
  { name: 'trainable parameters', cell: ({ trainableParameters }) => whole(trainableParameters) },
  { name: 'to store', cell: ({ storedBytes }) => bytes(storedBytes) },
];
