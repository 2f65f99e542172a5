import { deviceTypes } from '../dtypes.js';
import type { SlotId } from '../lowering/plan.js';
import type { PlanBuilder } from '../lowering/plan-builder.js';

/** Moves elements; bools as i32, for kernels of WebAssembly that take four bytes for each and write beyond their end. */
export function movedAsWords(plan: PlanBuilder, x: SlotId, move: (x: SlotId) => SlotId): SlotId {
  const { shape, dtype } = plan.type(x);
  if (dtype !== 'bool') return move(x);
  const words = move(plan.kernel('Cast', { x }, { dtype: deviceTypes.i32 }, { shape, dtype: 'i32' }));
  return plan.kernel('NotEqual', { a: words, b: plan.scalar(0, 'i32') }, {}, { shape: plan.type(words).shape, dtype });
}
