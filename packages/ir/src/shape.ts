/** Shape rules shared by the ops. Each throws AttuneError `E_SHAPE` that names the op and what it was given. */
import { AttuneError } from './errors.js';
import { type DType, formatType, isFloat, sameType, type TensorType } from './tensor.js';

export function shapeError(op: string, problem: string, inputs: readonly TensorType[]): AttuneError {
  return new AttuneError('E_SHAPE', `${op}: ${problem}; the inputs are (${inputs.map(formatType).join(', ')}).`, {
    field: op,
  });
}

export function expectInputs(op: string, inputs: readonly TensorType[], count: number): void {
  if (inputs.length !== count) throw shapeError(op, `takes ${count} inputs, got ${inputs.length}`, inputs);
}

export function expectSameTypes(op: string, inputs: readonly TensorType[]): TensorType {
  const first = inputs[0]!;
  if (!inputs.every((input) => sameType(input, first))) throw shapeError(op, 'inputs must have one type', inputs);
  return first;
}

export function expectFloat(op: string, inputs: readonly TensorType[]): void {
  if (!inputs.every((input) => isFloat(input.dtype))) throw shapeError(op, 'inputs must be floating', inputs);
}

export function expectDType(
  op: string,
  input: TensorType,
  dtypes: readonly DType[],
  inputs: readonly TensorType[],
): void {
  if (!dtypes.includes(input.dtype)) {
    throw shapeError(op, `expected ${dtypes.join(' or ')}, found ${input.dtype}`, inputs);
  }
}

/** Checks that `axes` are distinct, in range and ascending. */
export function expectAxes(op: string, axes: readonly number[], rank: number, inputs: readonly TensorType[]): void {
  let previous = -1;
  for (const axis of axes) {
    if (!Number.isInteger(axis) || axis <= previous || axis >= rank) {
      throw shapeError(op, `axes [${axes}] must ascend within rank ${rank}`, inputs);
    }
    previous = axis;
  }
}

/** `axis` counted from the end where it is negative. */
export function normalizeAxis(axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= Math.max(rank, 1)) {
    throw new AttuneError('E_SHAPE', `Axis ${axis} is outside rank ${rank}.`);
  }
  return normalized;
}

/** NumPy broadcasting of two or more shapes. */
export function broadcastShapes(op: string, inputs: readonly TensorType[]): number[] {
  const rank = Math.max(...inputs.map((input) => input.shape.length));
  const result = new Array<number>(rank).fill(1);
  for (const { shape } of inputs) {
    for (const [index, size] of shape.entries()) {
      const axis = index + rank - shape.length;
      if (size !== 1 && result[axis] !== 1 && result[axis] !== size) {
        throw shapeError(op, 'shapes do not broadcast', inputs);
      }
      if (size !== 1) result[axis] = size;
    }
  }
  return result;
}
