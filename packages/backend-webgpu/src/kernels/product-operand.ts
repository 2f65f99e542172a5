/** Operands of products as functions of WGSL. */
import type { ValueId } from '@attune/ir';
import { type Index, variable } from '../expressions/index-expression.js';
import { type Scalar, walk } from '../expressions/scalar.js';
import { Scope } from './scope.js';
import type { Shader } from './shader.js';
import { type VectorRead, vectorRead } from './vector-read.js';

/** An operand by its three indices: the batch, its own side (rows of the left, columns of the right), and the depth. */
export interface Operand {
  readonly name: string;
  readonly sideName: string;
  readonly sides: number;
  /** How many of them a thread takes. */
  readonly own: number;
  readonly depth: number;
  elementAt(side: Index, depth: Index): Scalar;
}

/** How an operand is loaded: one element, or four along the depth or along its side. */
export type Loading = 'single' | 'depth' | 'side';

/**
 * Declares the function `<name>_at` that loads an operand: of `batch`, the side and `depth`, or of `quad` where it takes
 * four elements in that direction.
 * @param type of a single element
 * @param others what else the kernel reads: a value of theirs is not loaded in vectors
 */
export function declareOperand(shader: Shader, operand: Operand, type: string, others: readonly Scalar[]): Loading {
  const [side, depth] = [variable(operand.sideName, operand.sides), variable('depth', operand.depth)];
  const alongDepth = vectorRead((index) => operand.elementAt(side, index), operand.depth, shader.storage);
  if (alongDepth && canBeVector(alongDepth, shader, others)) {
    declareVector(shader, operand, alongDepth, [operand.sideName, 'quad']);
    return 'depth';
  }
  const isByFours = operand.own % 4 === 0;
  const alongSide = isByFours && vectorRead((index) => operand.elementAt(index, depth), operand.sides, shader.storage);
  if (alongSide && canBeVector(alongSide, shader, others)) {
    declareVector(shader, operand, alongSide, ['quad', 'depth']);
    return 'side';
  }
  const scope = new Scope(shader, () => undefined);
  const text = scope.scalar(operand.elementAt(side, depth));
  declare(shader, operand, [operand.sideName, 'depth'], type, scope, text);
  return 'single';
}

const canBeVector = ({ value }: VectorRead, shader: Shader, others: readonly Scalar[]): boolean =>
  !shader.writesTo(value) && !readsOf(others).has(value);

function readsOf(scalars: readonly Scalar[]): ReadonlySet<ValueId> {
  const reads = new Set<ValueId>();
  for (const scalar of walk(scalars)) if (scalar.kind === 'read') reads.add(scalar.value);
  return reads;
}

function declareVector(
  shader: Shader,
  operand: Operand,
  { value, index }: VectorRead,
  indices: readonly string[],
): void {
  const scope = new Scope(shader, () => undefined);
  declare(shader, operand, indices, 'vec4f', scope, shader.loadVector(value, scope.index(index)));
}

function declare(
  shader: Shader,
  { name }: Operand,
  indices: readonly string[],
  type: string,
  scope: Scope,
  result: string,
): void {
  const parameters = ['batch', ...indices].map((index) => `${index}: u32`).join(', ');
  shader.declare(`fn ${name}_at(${parameters}) -> ${type} {\n${scope}\n  return ${result};\n}`);
}
