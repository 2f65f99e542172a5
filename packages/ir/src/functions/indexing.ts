/** Indexing made of gather and scatter_add over flattened positions. */
import type { Value } from '../builder.js';
import { add } from '../primitives/add.js';
import { broadcastTo } from '../primitives/broadcast.js';
import { cast } from '../primitives/cast.js';
import { equal, greaterEqual, lessEqual } from '../primitives/compare.js';
import { gather } from '../primitives/gather.js';
import { iota } from '../primitives/iota.js';
import { mul } from '../primitives/mul.js';
import { reshape } from '../primitives/reshape.js';
import { scatterAdd } from '../primitives/scatter-add.js';
import { select } from '../primitives/select.js';
import { sliceAxis } from '../primitives/slice.js';
import { sort } from '../primitives/sort.js';
import { normalizeAxis } from '../shape.js';
import { stridesOf } from '../tensor.js';

/** torch.gather: y[i][j] = x[index[i][j]][j] for axis 0. `index` may be shorter than x on the other axes. */
export function takeElements(x: Value, index: Value, axis: number): Value {
  return gather(reshape(x, [-1]), flatOffsets(x.type.shape, index, axis));
}

/** As `takeElements`, and x and index broadcast on the other axes. */
export function takeAlongAxis(x: Value, index: Value, axis: number): Value {
  const at = normalizeAxis(axis, x.type.shape.length);
  const common = x.type.shape.map((size, other) => Math.max(size, index.type.shape[other]!));
  const shape = (own: Value) => common.map((size, other) => (other === at ? own.type.shape[at]! : size));
  return takeElements(broadcastTo(x, shape(x)), broadcastTo(index, shape(index)), at);
}

/** x with updates added: y[index[i][j]][j] += updates[i][j] for axis 0; repeated indices add up. */
export function scatterAddElements(x: Value, index: Value, updates: Value, axis: number): Value {
  const offsets = reshape(flatOffsets(x.type.shape, index, axis), [-1]);
  return reshape(scatterAdd(reshape(x, [-1]), offsets, reshape(updates, [-1])), x.type.shape);
}

/** The flat positions in a tensor of `shape` that an index along `axis` points to. */
function flatOffsets(shape: readonly number[], index: Value, axis: number): Value {
  const at = normalizeAxis(axis, shape.length);
  let offsets: Value | undefined;
  for (const [other, stride] of stridesOf(shape).entries()) {
    const position = other === at ? index : iota(index.builder, index.type.shape, other);
    const part = mul(position, stride);
    offsets = offsets ? add(offsets, part) : part;
  }
  return offsets ?? index;
}

/** A new last axis with 1 at the class. */
export function oneHot(ids: Value, classes: number): Value {
  const positions = iota(ids.builder, [classes], 0);
  return cast(equal(reshape(ids, [...ids.type.shape, 1]), positions), 'f32');
}

/** The k largest (or smallest) elements along an axis, in order, with their i32 indices. */
export function topK(
  x: Value,
  k: number,
  { axis = -1, largest = true }: { readonly axis?: number; readonly largest?: boolean } = {},
): { values: Value; indices: Value } {
  const at = normalizeAxis(axis, x.type.shape.length);
  const { values, indices } = sort(x, { axis: at, descending: largest });
  return { values: sliceAxis(values, at, 0, k), indices: sliceAxis(indices, at, 0, k) };
}

/** Keeps the lower (or upper) triangle of the last two axes, counted from a diagonal. */
export function triangle(
  x: Value,
  { diagonal = 0, upper = false }: { readonly diagonal?: number; readonly upper?: boolean } = {},
): Value {
  const matrix = x.type.shape.slice(-2);
  const row = add(iota(x.builder, matrix, 0), diagonal);
  const column = iota(x.builder, matrix, 1);
  return select(upper ? greaterEqual(column, row) : lessEqual(column, row), x, 0);
}
