/** Sizes that an exported graph leaves open, and numbers that are products of them. */

/** By name, as `{ batch: 2, tokens: 7 }`. */
export type Sizes = Readonly<Record<string, number>>;

/** `factor` times the sizes of these names; a name twice is a square. */
export interface SizeProduct {
  readonly factor: number;
  readonly names: readonly string[];
}

const primes = [2, 3, 5, 7, 11, 13] as const;

/**
 * Sizes that tell products of two open sizes, up to squares, from each other and from other functions of them: three
 * different primes each, changed one by one and together.
 */
export function sampleSizes(names: readonly string[]): readonly Sizes[] {
  const at = (choice: (index: number) => number): Sizes =>
    Object.fromEntries(names.map((name, index) => [name, primes[3 * index + choice(index)]!]));
  return [
    at(() => 0),
    ...names.flatMap((_, changed) => [1, 2].map((which) => at((index) => (index === changed ? which : 0)))),
    ...(names.length > 1 ? [at(() => 2)] : []),
  ];
}

/** The product that is `values[i]` at `samples[i]`; undefined where there is none. */
export function productOf(values: readonly number[], samples: readonly Sizes[]): SizeProduct | undefined {
  for (const names of candidates(Object.keys(samples[0] ?? {}))) {
    const scales = samples.map((sizes) => names.reduce((product, name) => product * sizes[name]!, 1));
    const factor = values[0]! / scales[0]!;
    if (Number.isInteger(factor) && values.every((value, index) => value === factor * scales[index]!)) {
      return { factor, names };
    }
  }
  return undefined;
}

/** Every choice of each name never, once or twice. */
const candidates = (names: readonly string[]): readonly (readonly string[])[] =>
  names.reduce<readonly (readonly string[])[]>(
    (chosen, name) => chosen.flatMap((before) => [before, [...before, name], [...before, name, name]]),
    [[]],
  );
