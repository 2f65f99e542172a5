/** Tasks that one kernel does together. Results that share words are made by kernels without reductions and products. */
import type { ValueId } from '@attune/ir';
import { type Index, sameIndex } from '../expressions/index-expression.js';
import type { ProductShape } from './product-shape.js';
import type { ReductionShape } from './reduction-shape.js';
import { elementLoop, type Task } from './task.js';

/** What a kernel loops over. */
export type Domain =
  | { readonly kind: 'map'; readonly elements: number }
  | { readonly kind: 'reduction'; readonly shape: ReductionShape; readonly elements: number }
  | { readonly kind: 'product'; readonly shape: ProductShape; readonly elements: number }
  | { readonly kind: 'other'; readonly elements: 0 };

/** Whether a task is done for every element of the loop, or for every result of a reduction. */
export type Level = 'element' | 'outer';

interface Member {
  readonly task: Task;
  readonly level: Level;
}

/** Elements of one reduction up to which it may be followed by work on them in the same kernel. */
const LONG_REDUCTION = 2 ** 13;
/** Reductions from which on that holds for longer ones. */
const MANY_REDUCTIONS = 128;

export class Group {
  domain: Domain;
  readonly members: Member[] = [];
  readonly #levels = new Map<ValueId, Level>();

  constructor(task: Task) {
    this.domain = domainOf(task);
    this.add(task, task.kind === 'reduction' ? 'outer' : 'element');
  }

  /** The level of a value that the group makes; undefined for others. */
  levelOf(value: ValueId): Level | undefined {
    return this.#levels.get(value);
  }

  get values(): Iterable<ValueId> {
    return this.#levels.keys();
  }

  add(task: Task, level: Level): void {
    if (task.kind === 'reduction') this.domain = domainOf(task);
    this.members.push({ task, level });
    for (const output of task.op.outputs) this.#levels.set(output, level);
  }

  /** The level at which the group could do a task too; undefined where it cannot. */
  levelFor(task: Task): Level | undefined {
    if (task.kind === 'map') {
      return task.packs && this.domain.kind !== 'map' ? undefined : this.#levelForMap(task, task.elements);
    }
    return task.kind === 'reduction' && this.#takesReduction(task, task.shape) ? 'outer' : undefined;
  }

  #levelForMap(task: Task, elements: number): Level | undefined {
    const { domain } = this;
    if (domain.kind === 'other') return undefined;
    if (elements === domain.elements && this.#mayWorkOnElements() && this.#readsInPlace(task, 'element', domain)) {
      return 'element';
    }
    const isOuter = domain.kind === 'reduction' && elements === domain.shape.outer;
    return isOuter && this.#readsInPlace(task, 'outer', domain) ? 'outer' : undefined;
  }

  #takesReduction(task: Task, shape: ReductionShape): boolean {
    const { domain } = this;
    if (this.members.some((member) => member.task.kind === 'map' && member.task.packs)) return false;
    const fits =
      domain.kind === 'reduction'
        ? domain.shape.key === shape.key
        : domain.kind === 'map' && domain.elements === shape.elements && allowsElementWork(shape);
    return fits && this.#readsInPlace(task, 'element', { kind: 'reduction', shape, elements: shape.elements });
  }

  #mayWorkOnElements(): boolean {
    return this.domain.kind !== 'reduction' || allowsElementWork(this.domain.shape);
  }

  /** Whether a task reads what the group makes only where the same thread has made it. */
  #readsInPlace(task: Task, level: Level, domain: Domain): boolean {
    for (const [value, indices] of task.reads) {
      const from = this.#levels.get(value);
      if (from === undefined) continue;
      const expected = ownIndex(level, from, domain);
      if (!expected || !indices.every((index) => sameIndex(index, expected))) return false;
    }
    return true;
  }
}

/** Whether enough threads work on the elements of such reductions. */
const allowsElementWork = ({ inner, outer }: ReductionShape): boolean =>
  inner <= LONG_REDUCTION || outer >= MANY_REDUCTIONS;

/** The index by which a task of one level reads its own element of a value of another. */
function ownIndex(reader: Level, made: Level, domain: Domain): Index | undefined {
  if (domain.kind !== 'reduction') return elementLoop(domain.elements);
  if (reader === made) return elementLoop(made === 'outer' ? domain.shape.outer : domain.elements);
  return made === 'outer' ? domain.shape.outerIndex(elementLoop(domain.elements)) : undefined;
}

function domainOf(task: Task): Domain {
  switch (task.kind) {
    case 'map':
      return { kind: 'map', elements: task.elements };
    case 'reduction':
      return { kind: 'reduction', shape: task.shape, elements: task.shape.elements };
    case 'product':
      return { kind: 'product', shape: task.shape, elements: task.shape.elements };
    case 'other':
      return { kind: 'other', elements: 0 };
  }
}
