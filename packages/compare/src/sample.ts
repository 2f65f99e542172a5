/** Samples of the training data, so many examples of each class. */
import { permutation } from '@attune/core';
import type { TextExample } from '@attune/data';
import { AttuneError } from '@attune/ir';

/** Examples per class, or all of them. */
export type Shots = number | 'all';

/** Examples of each class, in the order of the file. */
function byClass(examples: readonly TextExample[]): ReadonlyMap<string, readonly TextExample[]> {
  const classes = new Map<string, TextExample[]>();
  for (const example of examples) {
    const of = classes.get(example.label ?? '');
    if (of) of.push(example);
    else classes.set(example.label ?? '', [example]);
  }
  return classes;
}

/** A sample of a seed: a smaller one is a part of a larger one. In the order of the file. */
export function sampleOf(examples: readonly TextExample[], shots: Shots, seed: number): readonly TextExample[] {
  if (shots === 'all') return examples;
  const chosen = [...byClass(examples)].flatMap(([label, of]) =>
    Array.from(permutation(of.length, seed, `shots ${label}`).subarray(0, shots), (index) => of[index]!),
  );
  return chosen.sort((one, other) => one.row - other.row);
}

/** @throws AttuneError `E_DATA_LABELS` for a class with fewer examples than shots */
export function requireShots(name: string, examples: readonly TextExample[], shots: readonly Shots[]): void {
  const most = Math.max(0, ...shots.filter((each) => each !== 'all'));
  const [label, count] = [...byClass(examples)]
    .map(([found, of]) => [found, of.length] as const)
    .reduce((least, each) => (each[1] < least[1] ? each : least), ['', Number.POSITIVE_INFINITY]);
  if (count >= most) return;
  throw new AttuneError(
    'E_DATA_LABELS',
    `${name}: class "${label}" has ${count} ${count === 1 ? 'example' : 'examples'}; shots asks for ${most} of each.`,
    { file: name, field: 'shots', hint: `Ask for ${count} at most, or for all.` },
  );
}
