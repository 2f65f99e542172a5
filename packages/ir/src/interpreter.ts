/**
 * The reference interpreter: runs any program in float64. Composites run through their decompositions. Values of f16
 * and bf16 are not rounded between ops, only where they leave as host tensors.
 */
import { decomposeAll } from './decompose.js';
import type { ReferenceTensor } from './definition.js';
import { AttuneError } from './errors.js';
import { fromHalfBits, toHalfBits } from './half.js';
import type { Program } from './program.js';
import { formatType, type HostTensor, hostArrayOf, sameType } from './tensor.js';

/** Runs a program on host tensors, in the order of its inputs. @throws AttuneError `E_SIGNATURE` */
export function interpret(program: Program, inputs: readonly HostTensor[]): HostTensor[] {
  return interpretReference(program, inputs.map(toReference)).map(toHost);
}

/** As `interpret`, without rounding the inputs and outputs to their dtypes. */
export function interpretReference(program: Program, inputs: readonly ReferenceTensor[]): ReferenceTensor[] {
  return run(decomposeAll(program), inputs);
}

/** Runs a program of primitives only. */
export function run(program: Program, inputs: readonly ReferenceTensor[]): ReferenceTensor[] {
  checkInputs(program, inputs);
  const values: (ReferenceTensor | undefined)[] = new Array(program.types.length);
  for (const [index, port] of program.inputs.entries()) values[port.value] = inputs[index];
  for (const { value, tensor } of program.constants) values[value] = toReference(tensor);
  const lastUse = lastUses(program);
  for (const [number, op] of program.ops.entries()) {
    if (op.definition.kind !== 'primitive') {
      throw new AttuneError('E_PROGRAM', `${op.definition.name} was not decomposed.`);
    }
    const operands = op.inputs.map((id) => values[id]!);
    const outputs = op.definition.reference(
      operands,
      op.attributes,
      op.outputs.map((id) => program.types[id]!),
    );
    for (const [index, id] of op.outputs.entries()) values[id] = outputs[index];
    for (const id of op.inputs) if (lastUse[id] === number) values[id] = undefined;
  }
  return program.outputs.map((port) => values[port.value]!);
}

/** The number of the op that uses each value last; outputs are used at the end. */
function lastUses(program: Program): number[] {
  const last = new Array<number>(program.types.length).fill(-1);
  for (const [number, op] of program.ops.entries()) for (const id of op.inputs) last[id] = number;
  for (const port of program.outputs) last[port.value] = program.ops.length;
  return last;
}

function checkInputs(program: Program, inputs: readonly ReferenceTensor[]): void {
  if (inputs.length !== program.inputs.length) {
    throw new AttuneError(
      'E_SIGNATURE',
      `"${program.name}" takes ${program.inputs.length} inputs, got ${inputs.length}.`,
    );
  }
  for (const [index, { name, value }] of program.inputs.entries()) {
    const [expected, found] = [program.types[value]!, inputs[index]!.type];
    if (!sameType(expected, found)) {
      throw new AttuneError(
        'E_SIGNATURE',
        `Input "${name}" of "${program.name}" is ${formatType(expected)}, got ${formatType(found)}.`,
        { field: name },
      );
    }
  }
}

/** A host tensor in the interpreter's own form. Integers share their memory. */
export function toReference({ type, data }: HostTensor): ReferenceTensor {
  if (type.dtype === 'f32') return { type, data: Float64Array.from(data) };
  if (type.dtype === 'f16' || type.dtype === 'bf16') {
    const { dtype } = type;
    return { type, data: Float64Array.from(data, (bits) => fromHalfBits(bits, dtype)) };
  }
  return { type, data: integersOf(data) };
}

function integersOf(data: HostTensor['data']): Int32Array | Uint32Array | Uint8Array {
  return data instanceof Float32Array || data instanceof Uint16Array ? Int32Array.from(data) : data;
}

/** Rounds to the type's own precision. */
export function toHost({ type, data }: ReferenceTensor): HostTensor {
  if (type.dtype === 'f16' || type.dtype === 'bf16') {
    const { dtype } = type;
    return { type, data: Uint16Array.from(data, (value) => toHalfBits(value, dtype)) };
  }
  return { type, data: hostArrayOf[type.dtype].from(data) };
}
