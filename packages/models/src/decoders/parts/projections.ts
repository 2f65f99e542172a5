import { type LinearOptions, linear, type Scope } from '@attune/core';
import { sliceAxis, type Value } from '@attune/ir';

/**
 * Linear layers side by side over x [batch, tokens, width], or one whose outputs are cut into pieces, as in fused files.
 * @param names one for each piece, or one for all
 */
export function projections(
  scope: Scope,
  names: readonly string[],
  x: Value,
  widths: readonly number[],
  options: LinearOptions,
): readonly Value[] {
  if (names.length > 1) return names.map((name, index) => linear(scope, name, x, widths[index]!, options));
  const total = widths.reduce((sum, width) => sum + width, 0);
  const joined = linear(scope, names[0]!, x, total, options);
  let end = 0;
  return widths.map((width) => {
    end += width;
    return width === total ? joined : sliceAxis(joined, 2, end - width, end);
  });
}
