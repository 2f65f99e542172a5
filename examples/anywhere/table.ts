/** The tables of docs/anywhere.md. */
import type { PlaceOutput } from './place-output.js';
import type { PlaceResult, Results } from './results.js';

/** What the places are compared with: PyTorch, or one of them. */
export interface Reference {
  readonly name: string;
  readonly losses: readonly number[];
  readonly accuracy: number;
}

/** A place as the reference of the others. @throws RangeError where it has not run */
export function referencePlace(name: string, results: Results): Reference {
  const result = results[name];
  if (result && 'losses' in result) return { name, ...result };
  throw new RangeError(`"${name}" has to run first: the others are compared with it`);
}

/** The largest relative difference to the losses of the reference. */
export const largestDifference = (losses: readonly number[], reference: readonly number[]): number =>
  Math.max(...losses.map((loss, step) => Math.abs(loss - reference[step]!) / Math.abs(reference[step]!)));

/** A line for each place, and one for a reference that is none. */
export function placeTable(places: readonly string[], results: Results, reference: Reference): string {
  const isPlace = places.includes(reference.name);
  return table(
    ['', 'device', 'largest difference of a loss', 'accuracy', 'time per step', 'memory'],
    [
      ...(isPlace ? [] : [[reference.name, 'cpu', '', percent(reference.accuracy), '', '']]),
      ...places.map((name) => [name, ...cellsOf(results[name], reference)]),
    ],
  );
}

/** A line for each step, a column for each place that ran. */
export function lossTable(places: readonly string[], results: Results, reference: Reference): string {
  const ran = places.flatMap((name) => {
    const result = results[name];
    return result && 'losses' in result && name !== reference.name ? [{ name, losses: result.losses }] : [];
  });
  const columns = [reference, ...ran];
  return table(
    ['step', ...columns.map(({ name }) => name)],
    reference.losses.map((_, step) => [String(step + 1), ...columns.map(({ losses }) => losses[step]!.toFixed(6))]),
  );
}

/** One place in words, for the terminal. */
export const placeLine = (name: string, result: PlaceResult, reference: Reference): string =>
  [name, ...cellsOf(result, reference)].filter((cell) => cell !== '').join('; ');

function cellsOf(result: PlaceResult | undefined, reference: Reference): readonly string[] {
  if (result === undefined) return ['not run yet', '', '', '', ''];
  if ('reason' in result) return [`not run: ${result.reason}`, '', '', '', ''];
  return [
    result.device,
    largestDifference(result.losses, reference.losses).toExponential(0),
    percent(result.accuracy),
    `${(median(result.milliseconds) / 1000).toFixed(2)} s`,
    memory(result),
  ];
}

const memory = ({ memoryBytes }: PlaceOutput): string =>
  memoryBytes === undefined ? '' : `${(memoryBytes / 2 ** 20).toFixed(0)} MiB`;

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
