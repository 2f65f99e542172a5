/** Rules that compare config.json with the shapes of the weights. */
import type { TensorSource } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import type { SizeRule } from './architecture.js';

/** The size of one axis of the first tensor that has one of the names. */
export function axisRule(field: string, expected: number, names: readonly string[], axis: number): SizeRule {
  return {
    field,
    expected,
    found: (shapes) => names.map((name) => shapes.get(name)?.[axis]).find((size) => size !== undefined),
  };
}

/** Layers that are looked for by name where the weights have none at all, to say what is missing. */
const MAX_MISSING_LAYERS = 200;

/** The number of layers, whose numbers are the pattern's first group. */
export function layersRule(field: string, expected: number, pattern: RegExp): SizeRule {
  return {
    field,
    expected,
    found(shapes) {
      const numbers = new Set(
        [...shapes.keys()].map((name) => pattern.exec(name)?.[1]).filter((number) => number !== undefined),
      );
      return numbers.size === 0 && expected <= MAX_MISSING_LAYERS ? undefined : numbers.size;
    },
  };
}

/**
 * Compares what config.json says about sizes with the weights, before anything is made from those sizes.
 * @param file how messages call config.json
 * @throws AttuneError `E_WEIGHTS_MISMATCH` that names the fields with both numbers
 */
export function requireSizes(rules: readonly SizeRule[], source: TensorSource, file: string): void {
  const shapes = new Map(source.names.map((name) => [name, source.entry(name).shape]));
  const wrong = rules.flatMap(({ field, expected, found }) => {
    const actual = found(shapes);
    return actual === undefined || actual === expected ? [] : [{ field, expected, actual }];
  });
  if (wrong.length === 0) return;
  const list = wrong.map(({ field, expected, actual }) => `${field} is ${expected}, the weights have ${actual}`);
  throw new AttuneError('E_WEIGHTS_MISMATCH', `${file}: ${list.join('; ')}.`, {
    file,
    fields: wrong.map(({ field }) => field),
    hint: `Use the config.json that belongs to ${source.name}.`,
  });
}
