/** Which pass over the elements of a reduction each task belongs to. */
import type { ValueId } from '@attune/ir';
import type { ReductionMember } from './reduction.js';

export interface Pass {
  /** What is computed once for every reduction before the pass, from the results of earlier ones. */
  readonly before: readonly ReductionMember[];
  readonly reductions: readonly ReductionMember[];
  /** Tasks whose elements are stored. */
  readonly stores: readonly ReductionMember[];
}

export function passesOf(members: readonly ReductionMember[], writes: readonly ValueId[]): readonly Pass[] {
  /** The first pass that may read a value. */
  const ready = new Map<ValueId, number>();
  const passes: { before: ReductionMember[]; reductions: ReductionMember[]; stores: ReductionMember[] }[] = [];
  const passAt = (number: number) => {
    while (passes.length <= number) passes.push({ before: [], reductions: [], stores: [] });
    return passes[number]!;
  };
  for (const member of members) {
    const earliest = Math.max(0, ...member.reads.map((value) => ready.get(value) ?? 0));
    const [result] = member.op.outputs;
    ready.set(result!, member.isReduction ? earliest + 1 : earliest);
    if (member.isReduction) passAt(earliest).reductions.push(member);
    else if (member.level === 'element' && writes.includes(result!)) passAt(earliest).stores.push(member);
    else if (member.level === 'outer') passAt(earliest).before.push(member);
  }
  return passes;
}
