/** Rules that compare config.json with the shapes of the weights. */
import type { SizeRule } from './architecture.js';

/** The size of one axis of the tensor whose name ends so. */
export function axisRule(field: string, expected: number, ending: string, axis: number): SizeRule {
  return {
    field,
    expected,
    found: (shapes) => [...shapes].find(([name]) => name === ending || name.endsWith(`.${ending}`))?.[1][axis],
  };
}

/** The number of layers whose names hold `<stem>.<number>.`. */
export function layersRule(field: string, expected: number, stem: string): SizeRule {
  const pattern = new RegExp(`(?:^|\\.)${stem.replaceAll('.', '\\.')}\\.(\\d+)\\.`);
  return {
    field,
    expected,
    found(shapes) {
      const numbers = new Set(
        [...shapes.keys()].map((name) => pattern.exec(name)?.[1]).filter((number) => number !== undefined),
      );
      return numbers.size === 0 ? undefined : numbers.size;
    },
  };
}

/** The fields of config.json that the weights contradict, with both numbers. */
export function contradictions(
  rules: readonly SizeRule[],
  shapes: ReadonlyMap<string, readonly number[]>,
): readonly { readonly field: string; readonly text: string }[] {
  return rules.flatMap(({ field, expected, found }) => {
    const actual = found(shapes);
    if (actual === undefined || actual === expected) return [];
    return [{ field, text: `${field} is ${expected}, the weights have ${actual}` }];
  });
}
