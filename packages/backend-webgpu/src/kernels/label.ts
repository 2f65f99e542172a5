import type { Op } from '@attune/ir';

/** The names of ops, each once, in their order. */
export function labelOf(ops: readonly Op[]): string {
  return [...new Set(ops.map(({ definition }) => definition.name))].join(' ');
}
