/** Elementwise kernels: each thread makes one element of every result, or as many as fill a word. */
import { elementCount, type Op, type ValueId } from '@attune/ir';
import { unflatten } from '../expressions/index-expression.js';
import type { ProgramExpressions } from '../expressions/program-expressions.js';
import type { Scalar } from '../expressions/scalar.js';
import { elementLoop } from '../schedule/task.js';
import type { Kernel } from './kernel.js';
import { labelOf } from './label.js';
import { Scope } from './scope.js';
import { Shader, type Storage, workgroupNumber } from './shader.js';

const WORKGROUP = 256;

export interface MapPlan {
  readonly label: string;
  readonly elements: number;
  /** Results that are read by other kernels. */
  readonly writes: readonly ValueId[];
  /** The element of a result; undefined for values that other kernels make. */
  readonly scalarOf: (value: ValueId) => Scalar | undefined;
  /** Operations for an element. */
  readonly operations: number;
}

/** The tasks of a group without reductions. */
export function mapPlan(
  ops: readonly Op[],
  elements: number,
  writes: readonly ValueId[],
  expressions: ProgramExpressions,
): MapPlan {
  const makers = new Map(ops.map((op) => [op.outputs[0]!, op]));
  const element = elementLoop(elements);
  return {
    label: labelOf(ops),
    elements,
    writes,
    scalarOf(value) {
      const op = makers.get(value);
      return op && expressions.express(op, unflatten(element, expressions.shapeOf(value)));
    },
    operations: ops.length,
  };
}

/** The elements of one value, written into another of as many. */
export function copyPlan(from: ValueId, to: ValueId, expressions: ProgramExpressions): MapPlan {
  const shape = expressions.shapeOf(from);
  const elements = elementCount(shape);
  const scalar = expressions.element(from, unflatten(elementLoop(elements), shape));
  const scalarOf = (value: ValueId) => (value === to ? scalar : undefined);
  return { label: 'copy', elements, writes: [to], scalarOf, operations: 0 };
}

/** @param window makes only the elements of this window of large tensors, by it alone */
export function mapKernel(plan: MapPlan, storage: Storage, window?: number): Kernel {
  const { label, writes, scalarOf, operations } = plan;
  const shader = new Shader(storage, writes, window);
  const first = shader.firstElement;
  const elements = window === undefined ? plan.elements : Math.min(plan.elements - first, shader.windowElements);
  const perThread = Math.max(...writes.map((value) => perWordOf(value, storage)));
  const threads = Math.ceil(elements / perThread);
  const workgroups = Math.ceil(threads / WORKGROUP);
  const scope = new Scope(shader, scalarOf);
  const thread = `${workgroupNumber(workgroups)} * ${WORKGROUP}u + lane`;
  if (perThread === 1) {
    scope.add(`let element = ${first > 0 ? `${first}u + ` : ''}${thread};`);
    if (workgroups * WORKGROUP > elements) scope.add(`if (element >= ${first + elements}u) {`, '  return;', '}');
    for (const value of writes) scope.add(shader.storeElement(value, 'element', scope.scalar(scalarOf(value)!)));
  } else packedBody(scope, { elements, perThread, thread, writes, scalarOf, shader });
  return shader.finish({
    sized: false,
    label,
    body: scope.toString(),
    workgroupSize: WORKGROUP,
    workgroups,
    operations: operations * elements,
  });
}

/** Elements that share a word: none in the buffer of single elements. */
const perWordOf = (value: ValueId, storage: Storage): number =>
  storage.scalarWord(value) === undefined ? storage.formatOf(value).perWord : 1;

interface PackedBody {
  readonly elements: number;
  readonly perThread: number;
  readonly thread: string;
  readonly writes: readonly ValueId[];
  readonly scalarOf: (value: ValueId) => Scalar | undefined;
  readonly shader: Shader;
}

/** A loop over the elements that share words. */
function packedBody(scope: Scope, { elements, perThread, thread, writes, scalarOf, shader }: PackedBody): void {
  scope.add(`let thread = ${thread};`);
  const { storage } = shader;
  const shares = writes.map((value) => perWordOf(value, storage));
  const words = shares.map((perWord) => (perWord > 1 ? shader.nextName('word') : undefined));
  for (const word of words) if (word) scope.add(`var ${word} = 0u;`);
  const loop = scope.inner();
  loop.add(`let element = thread * ${perThread}u + part;`);
  const inside = loop.inner();
  for (const [position, value] of writes.entries()) {
    const number = inside.scalar(scalarOf(value)!);
    const { encode } = storage.formatOf(value);
    const perWord = shares[position]!;
    const bits = 32 / perWord;
    inside.add(
      perWord === 1
        ? shader.storeElement(value, 'element', number)
        : `${words[position]} |= ${encode(number)} << ((part % ${perWord}u) * ${bits}u);`,
    );
  }
  loop.block(`if (element < ${elements}u)`, inside);
  for (const [position, value] of writes.entries()) {
    const [perWord, word] = [shares[position]!, words[position]];
    if (!word) continue;
    const end = loop.inner();
    end.add(shader.store(value, `element / ${perWord}u`, word), `${word} = 0u;`);
    const last = `part % ${perWord}u == ${perWord - 1}u`;
    loop.block(`if (${last} && element - ${perWord - 1}u < ${elements}u)`, end);
  }
  scope.block(`for (var part = 0u; part < ${perThread}u; part++)`, loop);
}
