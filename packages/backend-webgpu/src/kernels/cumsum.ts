/** Running sums: a thread for every line along the axis. */
import type { CumsumAttributes, Op } from '@attune/ir';
import { aroundAxis } from '@attune/ir/internal';
import { add, addConstant, type Index, scale, unflatten, variable } from '../expressions/index-expression.js';
import { registerType } from '../wgsl/format.js';
import type { Kernel } from './kernel.js';
import { Scope } from './scope.js';
import { Shader, type Storage, workgroupNumber } from './shader.js';

const WORKGROUP = 64;

export function cumsumKernel(op: Op, { axis, reverse }: CumsumAttributes, storage: Storage): Kernel {
  const { expressions } = storage;
  const [operand, result] = [op.inputs[0]!, op.outputs[0]!];
  const shape = expressions.shapeOf(result);
  const [outer, size, inner] = aroundAxis(shape, axis);
  const lines = outer * inner;
  const workgroups = Math.ceil(lines / WORKGROUP);
  const shader = new Shader(storage, [result]);
  const scope = new Scope(shader, () => undefined);
  scope.add(
    `let line = ${workgroupNumber(workgroups)} * ${WORKGROUP}u + lane;`,
    `if (line >= ${lines}u) {`,
    '  return;',
    '}',
    `var sum: ${registerType[expressions.dtypeOf(result)]};`,
  );
  const [before, behind] = unflatten(variable('line', lines), [outer, inner]);
  const step = variable('step', size);
  const place: Index = reverse ? addConstant(scale(step, -1), size - 1) : step;
  const at = add(scale(before!, size * inner), add(scale(place, inner), behind!));
  const loop = scope.inner('step');
  loop.add(`sum += ${loop.scalar(expressions.element(operand, unflatten(at, shape)))};`);
  loop.add(shader.storeElement(result, loop.index(at), 'sum'));
  scope.block(`for (var step = 0u; step < ${size}u; step++)`, loop);
  return shader.finish({
    sized: false,
    label: op.definition.name,
    body: scope.toString(),
    workgroupSize: WORKGROUP,
    workgroups,
    operations: lines * size,
  });
}
