/**
 * Arithmetic of indices: sums of multiples of *digits*, which are parts floor(source / divisor) % size of a loop
 * variable or of another number. Reshapes, transposes and broadcasts map digits to digits, so that a chain of them ends
 * in the shortest expression, and two reads are the same where their expressions are equal.
 */
import type { Scalar } from './scalar.js';

/** What digits are parts of. */
export type Source =
  | { readonly kind: 'variable'; readonly name: string; readonly size: number }
  /** An i32 scalar that lies in [0, size), such as an index of a gather. */
  | { readonly kind: 'scalar'; readonly scalar: Scalar; readonly size: number }
  /** A sum that could not be taken apart; it lies in [0, size). */
  | { readonly kind: 'sum'; readonly index: Index; readonly size: number };

/** floor(source / divisor) % size. */
export interface Digit {
  readonly source: Source;
  readonly divisor: number;
  readonly size: number;
  /** Kept when it is first asked for. */
  key?: string;
}

interface Term {
  readonly digit: Digit;
  /** Not 0. */
  readonly factor: number;
}

/** constant + the sum of factor * digit. */
export interface Index {
  readonly constant: number;
  /** By descending factor, then by key. */
  readonly terms: readonly Term[];
  /** Kept when it is first asked for. */
  key?: string;
}

export const constantIndex = (constant: number): Index => ({ constant, terms: [] });

/** A loop variable in [0, size). */
export const variable = (name: string, size: number): Index => indexOf({ kind: 'variable', name, size });

/** The index of a source. */
export function indexOf(source: Source): Index {
  if (source.size <= 1) return constantIndex(0);
  return { constant: 0, terms: [{ digit: { source, divisor: 1, size: source.size }, factor: 1 }] };
}

export function add(a: Index, b: Index): Index {
  return normalize(a.constant + b.constant, [...a.terms, ...b.terms]);
}

export const addConstant = (index: Index, constant: number): Index =>
  constant === 0 ? index : { constant: index.constant + constant, terms: index.terms };

export function scale(index: Index, factor: number): Index {
  if (factor === 0) return constantIndex(0);
  return normalize(
    index.constant * factor,
    index.terms.map((term) => ({ digit: term.digit, factor: term.factor * factor })),
  );
}

/** True where a digit is what is left of its source, so that no remainder has to be taken. */
export const isLeading = ({ source, divisor, size }: Digit): boolean => size * divisor >= source.size;

/** The smallest and the largest value that an index can take. */
export function rangeOf({ constant, terms }: Index): readonly [smallest: number, largest: number] {
  let [smallest, largest] = [constant, constant];
  for (const { digit, factor } of terms) {
    const reach = factor * (digit.size - 1);
    if (reach < 0) smallest += reach;
    else largest += reach;
  }
  return [smallest, largest];
}

/** Equal keys mean equal indices. */
export function keyOf(index: Index): string {
  index.key ??= [...index.terms.map(({ digit, factor }) => `${factor}*${digitKey(digit)}`), index.constant].join('+');
  return index.key;
}

export const sameIndex = (a: Index, b: Index): boolean => keyOf(a) === keyOf(b);

function digitKey(digit: Digit): string {
  digit.key ??= `${sourceKey(digit.source)}/${digit.divisor}%${digit.size}`;
  return digit.key;
}

function sourceKey(source: Source): string {
  const { kind, size } = source;
  if (kind === 'variable') return `${source.name}:${size}`;
  return kind === 'scalar' ? `[${source.scalar.id}]:${size}` : `(${keyOf(source.index)}):${size}`;
}

/** Adds up equal digits and joins neighbouring ones. */
function normalize(constant: number, terms: readonly Term[]): Index {
  const byKey = new Map<string, Term>();
  for (const { digit, factor } of terms) {
    const key = digitKey(digit);
    byKey.set(key, { digit, factor: factor + (byKey.get(key)?.factor ?? 0) });
  }
  const joined = join([...byKey.values()].filter(({ factor }) => factor !== 0));
  joined.sort((a, b) => b.factor - a.factor || (digitKey(a.digit) < digitKey(b.digit) ? -1 : 1));
  return { constant, terms: joined };
}

/** Joins two digits where the higher one begins where the lower one ends, in source and in factor. */
function join(terms: readonly Term[]): Term[] {
  for (const [position, low] of terms.entries()) {
    const high = terms.findIndex(
      ({ digit, factor }) =>
        digit.divisor === low.digit.divisor * low.digit.size &&
        factor === low.factor * low.digit.size &&
        sourceKey(digit.source) === sourceKey(low.digit.source),
    );
    if (high < 0) continue;
    const { source, divisor, size } = low.digit;
    const both = { digit: { source, divisor, size: size * terms[high]!.digit.size }, factor: low.factor };
    return join([...terms.filter((_, index) => index !== position && index !== high), both]);
  }
  return [...terms];
}

/** floor(index / divisor) and index % divisor, of an index that is never negative where it counts. */
export function divide(index: Index, divisor: number): readonly [quotient: Index, remainder: Index] {
  if (divisor === 1) return [index, constantIndex(0)];
  const whole = index.terms.filter(({ factor }) => factor % divisor === 0);
  const rest: Index = {
    constant: index.constant - Math.floor(index.constant / divisor) * divisor,
    terms: index.terms.filter(({ factor }) => factor % divisor !== 0),
  };
  if (rangeOf(rest)[0] < 0) return opaque(index, divisor);
  const [quotient, remainder] = divideRest(rest, divisor);
  const wholes = normalize(
    Math.floor(index.constant / divisor),
    whole.map(({ digit, factor }) => ({ digit, factor: factor / divisor })),
  );
  return [add(wholes, quotient), remainder];
}

function divideRest(rest: Index, divisor: number): readonly [Index, Index] {
  if (rangeOf(rest)[1] < divisor) return [constantIndex(0), rest];
  const [only] = rest.terms;
  if (rest.terms.length === 1 && rest.constant === 0 && only!.factor > 0 && divisor % only!.factor === 0) {
    return divideTerm(only!, divisor);
  }
  return divideHighPart(rest, divisor) ?? opaque(rest, divisor);
}

/** Where only the higher terms matter: floor((g h + l) / (g k)) is floor(h / k) for l in [0, g). */
function divideHighPart({ constant, terms }: Index, divisor: number): readonly [Index, Index] | undefined {
  for (let count = terms.length; count >= 1; count--) {
    const high = terms.slice(0, count);
    const low: Index = { constant, terms: terms.slice(count) };
    const [smallest, largest] = rangeOf(low);
    const unit = high.reduce((common, { factor }) => greatestCommonDivisor(common, Math.abs(factor)), 0);
    if (unit < 2 || divisor % unit !== 0 || smallest < 0 || largest >= unit) continue;
    const scaled = normalize(
      0,
      high.map(({ digit, factor }) => ({ digit, factor: factor / unit })),
    );
    if (rangeOf(scaled)[0] < 0) continue;
    const [quotient, remainder] = divide(scaled, divisor / unit);
    return [quotient, add(scale(remainder, unit), low)];
  }
  return undefined;
}

function divideTerm({ digit, factor }: Term, divisor: number): readonly [Index, Index] {
  const { source, size } = digit;
  const by = divisor / factor;
  if (size % by !== 0 && !isLeading(digit)) return opaque({ constant: 0, terms: [{ digit, factor }] }, divisor);
  const high = { source, divisor: digit.divisor * by, size: Math.ceil(size / by) };
  const low = { source, divisor: digit.divisor, size: by };
  return [
    high.size > 1 ? { constant: 0, terms: [{ digit: high, factor: 1 }] } : constantIndex(0),
    { constant: 0, terms: [{ digit: low, factor }] },
  ];
}

function opaque(index: Index, divisor: number): readonly [Index, Index] {
  const size = rangeOf(index)[1] + 1;
  return divideTerm({ digit: { source: { kind: 'sum', index, size }, divisor: 1, size }, factor: 1 }, divisor);
}

/** An index that lies in [0, size) wherever it counts. */
export function within(index: Index, size: number): Index {
  const [smallest, largest] = rangeOf(index);
  return smallest >= 0 && largest < size ? index : indexOf({ kind: 'sum', index, size });
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The coordinates of a flat row-major index. */
export function unflatten(index: Index, shape: readonly number[]): readonly Index[] {
  const coordinates = new Array<Index>(shape.length);
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis]! <= 1) coordinates[axis] = constantIndex(0);
    else if (axis === 0) coordinates[axis] = rest;
    else [rest, coordinates[axis]] = divide(rest, shape[axis]!) as [Index, Index];
  }
  return coordinates;
}

/** The flat row-major index of coordinates. */
export function flatten(coordinates: readonly Index[], shape: readonly number[]): Index {
  let flat = constantIndex(0);
  for (const [axis, size] of shape.entries()) flat = add(scale(flat, size), coordinates[axis]!);
  return flat;
}
