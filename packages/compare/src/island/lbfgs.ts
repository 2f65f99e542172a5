/** The minimum of a smooth function by L-BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5). */

export interface Point {
  readonly value: number;
  readonly gradient: Float64Array;
}

export interface LbfgsOptions {
  /** No entry of the gradient is larger at the end. */
  readonly tolerance: number;
  readonly maxIterations: number;
  readonly signal?: AbortSignal | undefined;
}

/** Steps that are remembered. */
const MEMORY = 10;

interface Memory {
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly inverse: number;
}

/**
 * Goes down from `start` to where the gradient vanishes; other work gets its turn between the iterations.
 * @throws the signal's reason
 */
export async function minimize(
  at: (x: Float64Array) => Point,
  start: Float64Array,
  { tolerance, maxIterations, signal }: LbfgsOptions,
): Promise<Float64Array> {
  let x = start;
  let current = at(x);
  const memory: Memory[] = [];
  for (let iteration = 0; iteration < maxIterations && largest(current.gradient) > tolerance; iteration++) {
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    const direction = descent(current.gradient, memory);
    const found = lineSearch(at, x, current, direction, memory.length === 0 ? 1 / norm(current.gradient) : 1);
    if (!found) break;
    const step = combine(found.x, x, -1);
    const change = combine(found.point.gradient, current.gradient, -1);
    const curvature = dot(step, change);
    if (curvature > 1e-14) {
      memory.push({ step, change, inverse: 1 / curvature });
      if (memory.length > MEMORY) memory.shift();
    }
    x = found.x;
    current = found.point;
  }
  return x;
}

/** The negative gradient times the inverse curvature that the remembered steps show. */
function descent(gradient: Float64Array, memory: readonly Memory[]): Float64Array {
  let direction: Float64Array = gradient.map((value) => -value);
  const weights: number[] = [];
  for (const { step, change, inverse } of memory.toReversed()) {
    const weight = inverse * dot(step, direction);
    weights.unshift(weight);
    direction = combine(direction, change, -weight);
  }
  const last = memory.at(-1);
  if (last) {
    const scale = 1 / (last.inverse * dot(last.change, last.change));
    for (let index = 0; index < direction.length; index++) direction[index]! *= scale;
  }
  for (const [index, { step, change, inverse }] of memory.entries()) {
    direction = combine(direction, step, weights[index]! - inverse * dot(change, direction));
  }
  return direction;
}

/** A step length with enough descent and curvature (the weak Wolfe conditions), by bisection. */
function lineSearch(
  at: (x: Float64Array) => Point,
  x: Float64Array,
  { value, gradient }: Point,
  direction: Float64Array,
  first: number,
): { readonly x: Float64Array; readonly point: Point } | undefined {
  const slope = dot(gradient, direction);
  if (!(slope < 0)) return undefined;
  let [low, high, length] = [0, Number.POSITIVE_INFINITY, first];
  for (let trial = 0; trial < 40; trial++) {
    const next = combine(x, direction, length);
    const point = at(next);
    if (!(point.value <= value + 1e-4 * length * slope)) high = length;
    else if (dot(point.gradient, direction) < 0.9 * slope) low = length;
    else return { x: next, point };
    length = Number.isFinite(high) ? (low + high) / 2 : 2 * length;
  }
  return undefined;
}

function dot(one: Float64Array, other: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += one[index]! * other[index]!;
  return sum;
}

const norm = (vector: Float64Array): number => Math.sqrt(dot(vector, vector));

/** one + factor * other */
function combine(one: Float64Array, other: Float64Array, factor: number): Float64Array {
  const sum = new Float64Array(one.length);
  for (let index = 0; index < sum.length; index++) sum[index] = one[index]! + factor * other[index]!;
  return sum;
}

function largest(vector: Float64Array): number {
  let found = 0;
  for (let index = 0; index < vector.length; index++) found = Math.max(found, Math.abs(vector[index]!));
  return found;
}
