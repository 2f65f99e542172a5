/**
 * Sums over several tensors: each thread adds up some elements of all of them. Tensors that lie in one buffer share a
 * binding and a loop; where there are more than a kernel may bind, the next one goes on.
 */
import { elementCount, type Op, type ValueId } from '@attune/ir';
import { sameIndex, unflatten } from '../expressions/index-expression.js';
import { type Scalar, walk } from '../expressions/scalar.js';
import type { PartialSumsAttributes } from '../schedule/sums.js';
import { elementLoop, readsParameter } from '../schedule/task.js';
import type { Kernel } from './kernel.js';
import { Scope } from './scope.js';
import { type Place, Shader, type Storage, workgroupNumber } from './shader.js';

/** Parts are multiples of it. */
const WORKGROUP = 64;

/** Elements that are added up by one loop. */
interface Loop {
  readonly elements: number;
  /** How many bindings it takes. */
  readonly bindings: number;
  /** Writes the loop, which adds to `sum`, for `threads` of which each has a number `thread`. */
  write(scope: Scope, shader: Shader, threads: number): void;
}

export function partialSumsKernels(op: Op, { parts }: PartialSumsAttributes, storage: Storage): readonly Kernel[] {
  // Beside the sums themselves and the buffer of single elements.
  const kernels = inKernels(loopsOf(op.inputs, storage), storage.tuning.maxBindings - 2);
  return kernels.map((loops, number) => {
    const shader = new Shader(storage, op.outputs);
    const scope = new Scope(shader, () => undefined);
    const workgroups = parts / WORKGROUP;
    const before = number === 0 ? '0f' : shader.load(op.outputs[0]!, 'thread');
    scope.add(`let thread = ${workgroupNumber(workgroups)} * ${WORKGROUP}u + lane;`, `var sum = ${before};`);
    for (const loop of loops) loop.write(scope, shader, parts);
    scope.add(shader.storeElement(op.outputs[0]!, 'thread', 'sum'));
    return shader.finish({
      sized: false,
      label: op.definition.name,
      body: scope.toString(),
      workgroupSize: WORKGROUP,
      workgroups,
      operations: loops.reduce((sum, { elements }) => sum + elements, 0),
    });
  });
}

function inKernels(loops: readonly Loop[], maxBindings: number): readonly (readonly Loop[])[] {
  const kernels: Loop[][] = [];
  let left = 0;
  for (const loop of loops) {
    if (kernels.length === 0 || loop.bindings > left) {
      kernels.push([]);
      left = maxBindings;
    }
    kernels.at(-1)!.push(loop);
    left -= loop.bindings;
  }
  return kernels;
}

function loopsOf(operands: readonly ValueId[], storage: Storage): readonly Loop[] {
  const loops: Loop[] = [];
  const shared = new Map<string, Range[]>();
  for (const operand of operands) {
    const { expressions } = storage;
    const shape = expressions.shapeOf(operand);
    const elements = elementCount(shape);
    const scalar = expressions.element(operand, unflatten(elementLoop(elements), shape));
    const reads = readsOf(scalar, storage);
    const place = placeOf(scalar, elements, reads, storage);
    if (!place) {
      loops.push(loopOver(scalar, elements, reads, storage));
      continue;
    }
    const body = bodyOf(scalar, storage);
    const key = JSON.stringify([place.block, body]);
    const range = [place.start, place.start + elements] as const;
    const known = shared.get(key);
    if (known) {
      known.push(range);
      continue;
    }
    const ranges: Range[] = [range];
    shared.set(key, ranges);
    loops.push(loopOverBlock(place, body, ranges));
  }
  return loops;
}

/** The stored values that a scalar reads, but for single elements. */
function readsOf(scalar: Scalar, { expressions, scalarWord }: Storage): ReadonlySet<ValueId> {
  const values = new Set<ValueId>();
  for (const each of walk([scalar])) {
    if (each.kind !== 'read' || readsParameter(each, expressions)) continue;
    if (scalarWord(each.value) === undefined) values.add(each.value);
  }
  return values;
}

/** Where the elements lie that a scalar is made of, if they are those of one value in a buffer and nothing else. */
function placeOf(
  scalar: Scalar,
  elements: number,
  reads: ReadonlySet<ValueId>,
  { placeOf: find }: Storage,
): Place | undefined {
  const [value] = reads;
  const own = elementLoop(elements);
  for (const each of walk([scalar])) {
    const isOwn = each.kind === 'read' && each.value === value && sameIndex(each.index, own);
    if (!isOwn && each.kind !== 'apply' && each.kind !== 'literal') return undefined;
  }
  return reads.size === 1 ? find(value!) : undefined;
}

/** The first element and the one behind the last. */
type Range = readonly [start: number, end: number];

/** The body of a function that makes a scalar from `number`, the element that it reads. */
function bodyOf(scalar: Scalar, storage: Storage): string {
  const scope = new Scope(new Shader(storage, []), () => 'number');
  const result = scope.scalar(scalar);
  return [scope.toString(), `  return ${result};`].filter((line) => line !== '').join('\n');
}

/** @param ranges in the block; may be added to until the loop is written */
function loopOverBlock({ block }: Place, body: string, ranges: readonly Range[]): Loop {
  return {
    bindings: 1,
    get elements() {
      return ranges.reduce((sum, [start, end]) => sum + end - start, 0);
    },
    write(scope, shader, threads) {
      const [name, term, table] = [shader.block(block), shader.nextName('term'), shader.nextName('ranges')];
      const rows = ranges.map(([start, end]) => `  vec2u(${start}u, ${end}u),`).join('\n');
      shader.declare(`const ${table} = array<vec2u, ${ranges.length}>(\n${rows}\n);`);
      shader.declare(`fn ${term}(number: f32) -> f32 {\n${body}\n}`);
      scope.add(
        `for (var tensor = 0u; tensor < ${ranges.length}u; tensor++) {`,
        `  let range = ${table}[tensor];`,
        `  for (var element = range.x + thread; element < range.y; element += ${threads}u) {`,
        `    sum += ${term}(${name}[element]);`,
        '  }',
        '}',
      );
    },
  };
}

function loopOver(scalar: Scalar, elements: number, reads: ReadonlySet<ValueId>, { windowsOf }: Storage): Loop {
  return {
    elements,
    bindings: [...reads].reduce((sum, value) => sum + windowsOf(value), 0),
    write(scope, _, threads) {
      const body = scope.inner();
      body.add(`sum += ${body.scalar(scalar)};`);
      scope.block(`for (var element = thread; element < ${elements}u; element += ${threads}u)`, body);
    },
  };
}
