/** Writes a part of a tensor that has its other elements already. */
import { elementCount, type Op } from '@attune/ir';
import { add, flatten, unflatten, variable } from '../expressions/index-expression.js';
import { startOf } from '../expressions/views.js';
import type { Kernel } from './kernel.js';
import { Scope } from './scope.js';
import { Shader, type Storage, workgroupNumber } from './shader.js';

const WORKGROUP = 256;

export function updateInPlaceKernel({ definition, inputs, outputs }: Op, storage: Storage): Kernel {
  const { expressions } = storage;
  const [, update, ...starts] = inputs;
  const [result] = outputs;
  const [shape, sizes] = [expressions.shapeOf(result!), expressions.shapeOf(update!)];
  const elements = elementCount(sizes);
  const workgroups = Math.ceil(elements / WORKGROUP);
  const shader = new Shader(storage, outputs);
  const scope = new Scope(shader, () => undefined);
  scope.add(
    `let element = ${workgroupNumber(workgroups)} * ${WORKGROUP}u + lane;`,
    `if (element >= ${elements}u) {`,
    '  return;',
    '}',
  );
  const at = unflatten(variable('element', elements), sizes);
  const place = at.map((index, axis) => add(index, startOf(expressions, starts[axis]!, shape[axis]! - sizes[axis]!)));
  const number = scope.scalar(expressions.element(update!, at));
  scope.add(shader.storeElement(result!, scope.index(flatten(place, shape)), number));
  return shader.finish({
    sized: false,
    label: definition.name,
    body: scope.toString(),
    workgroupSize: WORKGROUP,
    workgroups,
    operations: 0,
  });
}
