/** What a thread keeps while it adds up, and how threads put together what they have. */
import { argmaxDefinition, type DType, isFloat, type Op, reduceMaxDefinition, reduceMinDefinition } from '@attune/ir';
import { isOp } from '../schedule/op.js';
import { registerType } from '../wgsl/format.js';
import { literal } from '../wgsl/literals.js';
import type { Shader } from './shader.js';

/** A variable of a thread. */
interface Kept {
  readonly name: string;
  readonly type: string;
  readonly initial: string;
}

export interface Accumulator {
  /** What has the result in the end. */
  readonly result: string;
  readonly kept: readonly Kept[];
  add(number: string, position: string): readonly string[];
  /** Takes in what another thread has. @param theirs its variable of a name */
  combine(theirs: (name: string) => string): readonly string[];
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
  const combine = combinerOf(op);
  return {
    result: dtype === 'bool' ? `(${name} != 0u)` : name,
    kept: [{ name, type, initial: initialOf(op, dtype === 'bool' ? 'u32' : dtype) }],
    add: (number) => [`${name} = ${combine(name, dtype === 'bool' ? `u32(${number})` : number)};`],
    combine: (theirs) => [`${name} = ${combine(name, theirs(name))};`],
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
  const better = (number: string, at: string) => `${number} > ${name} || (${number} == ${name} && ${at} < ${place})`;
  return {
    result: `i32(${place})`,
    kept: [
      { name, type, initial: smallestNumber(dtype === 'bool' ? 'u32' : dtype) },
      { name: place, type: 'u32', initial: '0xffffffffu' },
    ],
    add(number, position) {
      const own = dtype === 'bool' ? `u32(${number})` : number;
      return [`if (${better(own, position)}) {`, `  ${name} = ${own};`, `  ${place} = ${position};`, '}'];
    },
    combine(theirs) {
      const [other, at] = [shader.nextName('other'), shader.nextName('other')];
      return [
        `let ${other} = ${theirs(name)};`,
        `let ${at} = ${theirs(place)};`,
        `if (${better(other, at)}) {`,
        `  ${name} = ${other};`,
        `  ${place} = ${at};`,
        '}',
      ];
    },
  };
}
