import { byteLength } from '@attune/ir';
import type { Plan, SlotId } from './plan.js';

/**
 * For each step, the slots that nothing needs after it. Only what a run owns is freed: results of steps and donated
 * inputs, not constants and not the other inputs.
 * @param donated the slots of donated inputs
 */
export function releases({ steps, outputs }: Plan, donated: readonly SlotId[]): readonly (readonly SlotId[])[] {
  const owned = new Set<SlotId>([...donated, ...steps.flatMap((step) => step.outputs)]);
  const last = new Map<SlotId, number>();
  for (const [number, step] of steps.entries()) {
    for (const slot of [...step.inputs, ...step.outputs]) if (owned.has(slot)) last.set(slot, number);
  }
  for (const slot of outputs) last.delete(slot);
  const released: SlotId[][] = steps.map(() => []);
  for (const [slot, number] of last) released[number]!.push(slot);
  return released;
}

/** The most bytes that results of steps take at one time, outputs included. */
export function peakBytes({ steps, slots }: Plan, released: readonly (readonly SlotId[])[]): number {
  const bytes = (ids: readonly SlotId[]) => ids.reduce((sum, slot) => sum + byteLength(slots[slot]!.type), 0);
  let live = 0;
  let peak = 0;
  for (const [number, step] of steps.entries()) {
    live += bytes(step.outputs);
    peak = Math.max(peak, live);
    live -= bytes(released[number]!);
  }
  return peak;
}
