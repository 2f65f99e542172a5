/** What a kernel computes for one element: a graph of scalars over elements of stored values. */
import type { DType, ValueId } from '@attune/ir';
import { type Index, keyOf, rangeOf } from './index-expression.js';

/** WGSL of an operation from the WGSL of its arguments. */
export type Operator = (...operands: readonly string[]) => string;

/** low <= index < limit, and index - low is a multiple of `stride`. */
export interface Condition {
  readonly index: Index;
  readonly low: number;
  readonly limit: number;
  readonly stride: number;
}

interface Identified {
  /** Equal scalars of one table have equal ids. */
  readonly id: number;
  readonly dtype: DType;
}

export type Scalar = Identified &
  (
    | { readonly kind: 'literal'; readonly number: number }
    /** An element of a stored value, by its flat index. */
    | { readonly kind: 'read'; readonly value: ValueId; readonly index: Index }
    /** The index itself, as a number. */
    | { readonly kind: 'index'; readonly index: Index }
    | { readonly kind: 'apply'; readonly operator: Operator; readonly operands: readonly Scalar[] }
    /** `inside` where all conditions hold. */
    | {
        readonly kind: 'choose';
        readonly conditions: readonly Condition[];
        readonly inside: Scalar;
        readonly outside: Scalar;
      }
    /** A word of `random_bits`. */
    | { readonly kind: 'random'; readonly index: Index; readonly key: readonly [Scalar, Scalar] }
  );

/** Makes scalars, each once. */
export class ScalarTable {
  readonly #known = new Map<string, Scalar>();

  literal(number: number, dtype: DType): Scalar {
    const key = Object.is(number, -0) ? '-0' : String(number);
    return this.#intern(`literal ${dtype} ${key}`, { kind: 'literal', number, dtype });
  }

  read(value: ValueId, index: Index, dtype: DType): Scalar {
    return this.#intern(`read ${value} ${keyOf(index)}`, { kind: 'read', value, index, dtype });
  }

  index(index: Index, dtype: DType): Scalar {
    return this.#intern(`index ${dtype} ${keyOf(index)}`, { kind: 'index', index, dtype });
  }

  /** @param name what tells the operator from others on the same operands */
  apply(name: string, operator: Operator, operands: readonly Scalar[], dtype: DType): Scalar {
    const ids = operands.map(({ id }) => id).join();
    return this.#intern(`apply ${dtype} ${name} ${ids}`, { kind: 'apply', operator, operands, dtype });
  }

  choose(all: readonly Condition[], inside: Scalar, outside: Scalar): Scalar {
    const conditions = all.filter((condition) => outcomeOf(condition) !== true);
    if (conditions.some((condition) => outcomeOf(condition) === false)) return outside;
    if (conditions.length === 0) return inside;
    const tests = conditions.map(({ index, low, limit, stride }) => `${keyOf(index)} ${low} ${limit} ${stride}`).join();
    const { dtype } = inside;
    return this.#intern(`choose ${tests} ${inside.id} ${outside.id}`, {
      kind: 'choose',
      conditions,
      inside,
      outside,
      dtype,
    });
  }

  random(key: readonly [Scalar, Scalar], index: Index): Scalar {
    return this.#intern(`random ${key[0].id} ${key[1].id} ${keyOf(index)}`, {
      kind: 'random',
      key,
      index,
      dtype: 'u32',
    });
  }

  #intern(key: string, scalar: DistributiveOmit<Scalar, 'id'>): Scalar {
    const known = this.#known.get(key);
    if (known) return known;
    const added: Scalar = { ...scalar, id: this.#known.size };
    this.#known.set(key, added);
    return added;
  }
}

/** What is known of a condition beforehand. */
function outcomeOf({ index, low, limit, stride }: Condition): boolean | undefined {
  const [smallest, largest] = rangeOf(index);
  if (largest < low || smallest >= limit) return false;
  return smallest >= low && largest < limit && stride === 1 ? true : undefined;
}

type DistributiveOmit<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;

/** The scalars that a scalar is computed from, those of its indices included. */
export function operandsOf(scalar: Scalar): readonly Scalar[] {
  const places = indicesOf(scalar).flatMap(scalarsOf);
  switch (scalar.kind) {
    case 'apply':
      return scalar.operands;
    case 'choose':
      return [...places, scalar.inside, scalar.outside];
    case 'random':
      return [...places, ...scalar.key];
    default:
      return places;
  }
}

/** The indices that a scalar uses itself. */
export function indicesOf(scalar: Scalar): readonly Index[] {
  switch (scalar.kind) {
    case 'literal':
    case 'apply':
      return [];
    case 'read':
    case 'index':
    case 'random':
      return [scalar.index];
    case 'choose':
      return scalar.conditions.map(({ index }) => index);
  }
}

/** The scalars that an index depends on. */
function scalarsOf(index: Index): readonly Scalar[] {
  return index.terms.flatMap(({ digit: { source } }) => {
    if (source.kind === 'scalar') return [source.scalar];
    return source.kind === 'sum' ? scalarsOf(source.index) : [];
  });
}

/** Every scalar below some, each once, operands first. */
export function* walk(roots: Iterable<Scalar>, seen: Set<number> = new Set()): Generator<Scalar> {
  for (const scalar of roots) {
    if (seen.has(scalar.id)) continue;
    seen.add(scalar.id);
    yield* walk(operandsOf(scalar), seen);
    yield scalar;
  }
}
