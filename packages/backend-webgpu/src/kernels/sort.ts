/** Sorting by rank: the place of an element is the number of elements that come before it. */
import { elementCount, type Op, type SortAttributes } from '@attune/ir';
import { aroundAxis } from '@attune/ir/internal';
import { add, type Index, scale, unflatten, variable } from '../expressions/index-expression.js';
import type { Kernel } from './kernel.js';
import { Scope } from './scope.js';
import { Shader, type Storage, workgroupNumber } from './shader.js';

const WORKGROUP = 64;

export function sortKernel(op: Op, { axis, descending }: SortAttributes, storage: Storage): Kernel {
  const { expressions } = storage;
  const operand = op.inputs[0]!;
  const [values, indices] = [op.outputs[0]!, op.outputs[1]!];
  const shape = expressions.shapeOf(values);
  const [outer, size, inner] = aroundAxis(shape, axis);
  const elements = elementCount(shape);
  const workgroups = Math.ceil(elements / WORKGROUP);
  const shader = new Shader(storage, [values, indices]);
  const scope = new Scope(shader, () => undefined);
  scope.add(
    `let element = ${workgroupNumber(workgroups)} * ${WORKGROUP}u + lane;`,
    `if (element >= ${elements}u) {`,
    '  return;',
    '}',
  );
  const [before, own, behind] = unflatten(variable('element', elements), [outer, size, inner]);
  const at = (place: Index): Index => add(scale(before!, size * inner), add(scale(place, inner), behind!));
  const numberAt = (within: Scope, place: Index) =>
    within.scalar(expressions.element(operand, unflatten(at(place), shape)));
  const number = numberAt(scope, own!);
  scope.add(`let place = ${scope.indexText(own!)};`, 'var rank = 0u;');
  const loop = scope.inner('other');
  const rival = numberAt(loop, variable('other', size));
  const comesFirst = descending ? `${rival} > ${number}` : `${rival} < ${number}`;
  loop.add(`rank += u32(${comesFirst} || (${rival} == ${number} && other < place));`);
  scope.block(`for (var other = 0u; other < ${size}u; other++)`, loop);
  const target = scope.index(at(variable('rank', size)));
  scope.add(shader.storeElement(values, target, number), shader.storeElement(indices, target, 'i32(place)'));
  return shader.finish({
    sized: false,
    label: op.definition.name,
    body: scope.toString(),
    workgroupSize: WORKGROUP,
    workgroups,
    operations: elements * size,
  });
}
