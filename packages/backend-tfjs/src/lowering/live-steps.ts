import type { Plan, SlotId } from './plan.js';

/** A plan without the steps and constants that no output needs; steps have no effect but their results. */
export function withoutDeadSteps(plan: Plan): Plan {
  const needed = new Set<SlotId>(plan.outputs);
  const steps = plan.steps.toReversed().filter(({ inputs, outputs }) => {
    const isNeeded = outputs.some((slot) => needed.has(slot));
    if (isNeeded) for (const slot of inputs) needed.add(slot);
    return isNeeded;
  });
  return { ...plan, steps: steps.toReversed(), constants: plan.constants.filter(({ slot }) => needed.has(slot)) };
}
