/**
 * Sums of updates by index, always in the order of the updates, without atomic operations on floats. A workgroup stands
 * for each update. It looks for others of its index: if one comes before, that one's workgroup adds them all up. Else
 * it marks those that come later, as bits, and each thread adds up some of the elements. Where threads had better not
 * wait for each other, a thread does all that for an update, row after row.
 */
import { elementCount, type Op, type ScatterAddAttributes, type ValueId } from '@attune/ir';
import { aroundAxis } from '@attune/ir/internal';
import { add, indexOf, scale, unflatten, variable } from '../expressions/index-expression.js';
import type { Kernel } from './kernel.js';
import { Scope } from './scope.js';
import { Shader, type Storage, workgroupNumber } from './shader.js';

const WORKGROUP = 256;
/** Updates whose bits fit into a word for every thread. */
const ROUND = WORKGROUP * 32;
/** Threads of a workgroup where each does an update: few, so that all cores have some. */
const ALONE = 16;

/** Adds the updates to a result that has the operand's elements already. */
export function scatterAddKernel(op: Op, { axis }: ScatterAddAttributes, storage: Storage): Kernel {
  const { expressions } = storage;
  const [indices, updates, result] = [op.inputs[1]!, op.inputs[2]!, op.outputs[0]!];
  const [outer, size, inner] = aroundAxis(expressions.shapeOf(result), axis);
  const indexShape = expressions.shapeOf(indices);
  const count = elementCount(indexShape);
  const shader = new Shader(storage, [result]);
  const indexScope = new Scope(shader, () => undefined);
  const indexAt = indexScope.scalar(expressions.element(indices, unflatten(variable('update', count), indexShape)));
  shader.declare(`fn index_of(update: u32) -> i32 {\n${indexScope}\n  return ${indexAt};\n}`);
  const addition = new Scope(shader, () => undefined);
  const [column, update] = [variable('column', inner), variable('update', count)];
  const before = variable('before', outer);
  const flatUpdate = add(scale(before, count * inner), add(scale(update, inner), column));
  const number = addition.scalar(expressions.element(updates, unflatten(flatUpdate, expressions.shapeOf(updates))));
  const row = indexOf({ kind: 'variable', name: 'row', size });
  const target = new Scope(shader, () => undefined);
  const place = target.index(add(scale(before, size * inner), add(scale(row, inner), column)));
  const parts: Parts = { shader, result, outer, count, size, inner, target, addition, place, number };
  const { lines, ...workgroups } = storage.tuning.maxLanes === 1 ? byThreads(parts) : byWorkgroups(parts);
  return shader.finish({
    sized: false,
    label: op.definition.name,
    operations: elementCount(expressions.shapeOf(updates)),
    body: lines.map((line) => `  ${line}`).join('\n'),
    ...workgroups,
  });
}

/** What the code is made of. */
interface Parts {
  readonly shader: Shader;
  readonly result: ValueId;
  /** Tables side by side, updates of each, rows of a table, and elements of a row. */
  readonly outer: number;
  readonly count: number;
  readonly size: number;
  readonly inner: number;
  /** The lines before `place`, where an element of the result lies, and before `number`, which is added to it. */
  readonly target: Scope;
  readonly addition: Scope;
  readonly place: string;
  readonly number: string;
}

interface Body {
  readonly lines: readonly string[];
  readonly workgroupSize: number;
  readonly workgroups: number;
}

function byThreads({ shader, result, outer, count, size, inner, target, addition, place, number }: Parts): Body {
  const workgroups = Math.ceil((outer * count) / ALONE);
  const lines = [
    `let thread = ${workgroupNumber(workgroups)} * ${ALONE}u + lane;`,
    `if (thread >= ${outer * count}u) {`,
    '  return;',
    '}',
    `let before = thread / ${count}u;`,
    `let own = thread % ${count}u;`,
    'let index = index_of(own);',
    `let row = u32(clamp(index, 0i, ${size - 1}i));`,
    'var is_first = i32(row) == index;',
    'for (var other = 0u; is_first && other < own; other++) {',
    '  is_first = index_of(other) != index;',
    '}',
    `for (var update = own; is_first && update < ${count}u; update++) {`,
    '  if (index_of(update) == index) {',
    `    for (var column = 0u; column < ${inner}u; column++) {`,
    ...nested(target, 6),
    ...nested(addition, 6),
    `      ${shader.storeElement(result, place, `${shader.load(result, place)} + ${number}`)}`,
    '    }',
    '  }',
    '}',
  ];
  return { lines, workgroupSize: ALONE, workgroups };
}

function byWorkgroups({ shader, result, outer, count, size, inner, target, addition, place, number }: Parts): Body {
  const workgroups = outer * count;
  shader.declare('var<workgroup> is_repeated: atomic<u32>;');
  shader.declare(`var<workgroup> marks: array<atomic<u32>, ${WORKGROUP}>;`);
  const lines = [
    `let before = ${workgroupNumber(workgroups)} / ${count}u;`,
    `let own = ${workgroupNumber(workgroups)} % ${count}u;`,
    'let index = index_of(own);',
    `let row = u32(clamp(index, 0i, ${size - 1}i));`,
    `for (var start = 0u; start < ${count}u; start += ${ROUND}u) {`,
    '  atomicStore(&marks[lane], 0u);',
    '  workgroupBarrier();',
    `  let end = min(start + ${ROUND}u, ${count}u);`,
    `  for (var other = start + lane; other < end; other += ${WORKGROUP}u) {`,
    '    if (index_of(other) == index) {',
    '      if (other < own) {',
    '        atomicStore(&is_repeated, 1u);',
    '      }',
    '      atomicOr(&marks[(other - start) / 32u], 1u << (other % 32u));',
    '    }',
    '  }',
    '  workgroupBarrier();',
    `  if (before < ${outer}u && atomicLoad(&is_repeated) == 0u && i32(row) == index) {`,
    `    for (var column = lane; column < ${inner}u; column += ${WORKGROUP}u) {`,
    ...nested(target, 6),
    `      var sum = ${shader.load(result, place)};`,
    `      for (var word = 0u; word < ${Math.min(WORKGROUP, Math.ceil(count / 32))}u; word++) {`,
    '        for (var bits = atomicLoad(&marks[word]); bits != 0u; bits &= bits - 1u) {',
    '          let update = start + word * 32u + countTrailingZeros(bits);',
    ...nested(addition, 10),
    `          sum += ${number};`,
    '        }',
    '      }',
    `      ${shader.storeElement(result, place, 'sum')}`,
    '    }',
    '  }',
    '  workgroupBarrier();',
    '}',
  ];
  return { lines, workgroupSize: WORKGROUP, workgroups };
}

/** The lines of a scope at a depth of blocks. */
const nested = (scope: Scope, depth: number): readonly string[] =>
  scope
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `${' '.repeat(depth)}${line.slice(2)}`);
