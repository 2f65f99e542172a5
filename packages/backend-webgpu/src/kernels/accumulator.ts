/** What a thread keeps while it adds up, and how threads put together what they have. */
import { argmaxDefinition, type DType, isFloat, type Op, reduceMaxDefinition, reduceMinDefinition } from '@attune/ir';
import { isOp } from '../schedule/op.js';
import { registerType } from '../wgsl/format.js';
import { literal } from '../wgsl/literals.js';
import type { Shader } from './shader.js';

export interface Accumulator {
  /** The variable that has the result in the end. */
  readonly result: string;
  readonly declarations: readonly string[];
  add(number: string, position: string): readonly string[];
  /** Declares memory that the threads of a workgroup share. */
  declareShared(threads: number): void;
  /** Puts what the thread has into shared memory. */
  share(place: string): readonly string[];
  /** Combines two places of shared memory into the first. */
  combineShared(place: string, other: string): readonly string[];
  /** Takes the result from shared memory. */
  fetch(place: string): readonly string[];
}

export function accumulatorOf(op: Op, shader: Shader): Accumulator {
  const { dtypeOf } = shader.storage.expressions;
  const dtype = dtypeOf.call(shader.storage.expressions, op.inputs[0]!);
  return isOp(op, argmaxDefinition) ? largestPlace(dtype, shader) : reduction(op, dtype, shader);
}

/** Sums, and the largest or smallest number; bools are added up as words. */
function reduction(op: Op, dtype: DType, shader: Shader): Accumulator {
  const type = dtype === 'bool' ? 'u32' : registerType[dtype];
  const name = shader.nextName('sum');
  const shared = `${name}_shared`;
  const combine = combinerOf(op);
  const result = dtype === 'bool' ? `(${name} != 0u)` : name;
  return {
    result,
    declarations: [`var ${name}: ${type} = ${initialOf(op, dtype === 'bool' ? 'u32' : dtype)};`],
    add: (number) => [`${name} = ${combine(name, dtype === 'bool' ? `u32(${number})` : number)};`],
    declareShared: (threads) => shader.declare(`var<workgroup> ${shared}: array<${type}, ${threads}>;`),
    share: (place) => [`${shared}[${place}] = ${name};`],
    combineShared: (place, other) => [
      `${shared}[${place}] = ${combine(`${shared}[${place}]`, `${shared}[${other}]`)};`,
    ],
    fetch: (place) => [`${name} = ${shared}[${place}];`],
  };
}

function combinerOf(op: Op): (a: string, b: string) => string {
  if (isOp(op, reduceMaxDefinition)) return (a, b) => `max(${a}, ${b})`;
  return isOp(op, reduceMinDefinition) ? (a, b) => `min(${a}, ${b})` : (a, b) => `${a} + ${b}`;
}

function initialOf(op: Op, dtype: DType): string {
  if (isOp(op, reduceMaxDefinition)) return smallestNumber(dtype);
  if (isOp(op, reduceMinDefinition)) {
    if (isFloat(dtype)) return literal(Number.POSITIVE_INFINITY, dtype);
    return literal(dtype === 'i32' ? 2 ** 31 - 1 : 2 ** 32 - 1, dtype);
  }
  return literal(0, dtype);
}

function smallestNumber(dtype: DType): string {
  if (isFloat(dtype)) return literal(Number.NEGATIVE_INFINITY, dtype);
  return literal(dtype === 'i32' ? -(2 ** 31) : 0, dtype);
}

/** The place of the first largest number. */
function largestPlace(dtype: DType, shader: Shader): Accumulator {
  const type = dtype === 'bool' ? 'u32' : registerType[dtype];
  const name = shader.nextName('largest');
  const place = `${name}_place`;
  const [shared, sharedPlace] = [`${name}_shared`, `${place}_shared`];
  const better = (number: string, at: string, best: string, bestAt: string) =>
    `${number} > ${best} || (${number} == ${best} && ${at} < ${bestAt})`;
  return {
    result: `i32(${place})`,
    declarations: [
      `var ${name}: ${type} = ${smallestNumber(dtype === 'bool' ? 'u32' : dtype)};`,
      `var ${place} = 0xffffffffu;`,
    ],
    add(number, position) {
      const own = dtype === 'bool' ? `u32(${number})` : number;
      return [`if (${better(own, position, name, place)}) {`, `  ${name} = ${own};`, `  ${place} = ${position};`, '}'];
    },
    declareShared(threads) {
      shader.declare(`var<workgroup> ${shared}: array<${type}, ${threads}>;`);
      shader.declare(`var<workgroup> ${sharedPlace}: array<u32, ${threads}>;`);
    },
    share: (at) => [`${shared}[${at}] = ${name};`, `${sharedPlace}[${at}] = ${place};`],
    combineShared: (at, other) => [
      `if (${better(`${shared}[${other}]`, `${sharedPlace}[${other}]`, `${shared}[${at}]`, `${sharedPlace}[${at}]`)}) {`,
      `  ${shared}[${at}] = ${shared}[${other}];`,
      `  ${sharedPlace}[${at}] = ${sharedPlace}[${other}];`,
      '}',
    ],
    fetch: (at) => [`${place} = ${sharedPlace}[${at}];`],
  };
}
