import { AttuneError } from '@attune/ir';
import { release } from './buffer.js';
import type { Plan, SlotId } from './lowering/plan.js';
import { runStep } from './run-step.js';
import type { Runtime } from './runtime.js';
import type { DeviceValue } from './value.js';

export interface PlanInputs {
  readonly constants: ReadonlyMap<SlotId, DeviceValue>;
  /** For each step, what to free after it. */
  readonly released: readonly (readonly SlotId[])[];
  /** Values that are owned are freed by the run. */
  readonly inputs: readonly { readonly slot: SlotId; readonly value: DeviceValue; readonly owned: boolean }[];
}

/**
 * Runs a plan on the selected backend. The results belong to the caller.
 * @throws AttuneError `E_DEVICE` with the words of TensorFlow.js; nothing of the run is left then
 */
export async function runPlan(
  runtime: Runtime,
  plan: Plan,
  { constants, released, inputs }: PlanInputs,
): Promise<readonly DeviceValue[]> {
  const values = new Map(constants);
  const owned = new Set<SlotId>();
  for (const { slot, value, owned: isOwned } of inputs) {
    values.set(slot, value);
    if (isOwned) owned.add(slot);
  }
  const drop = (slot: SlotId) => {
    if (!owned.delete(slot)) return;
    release(values.get(slot)!);
    values.delete(slot);
  };
  try {
    for (const [number, step] of plan.steps.entries()) {
      const results = runStep(
        runtime,
        step,
        step.inputs.map((slot) => values.get(slot)!),
      );
      // Only a download is awaited: between all other steps nobody else gets to run.
      for (const [index, value] of (results instanceof Promise ? await results : results).entries()) {
        const slot = step.outputs[index]!;
        values.set(slot, value);
        owned.add(slot);
      }
      for (const slot of released[number]!) drop(slot);
    }
  } catch (cause) {
    for (const slot of [...owned]) drop(slot);
    const problem = cause instanceof Error ? cause.message : cause;
    throw new AttuneError('E_DEVICE', `TensorFlow.js failed: ${problem}`, { cause });
  }
  const results = plan.outputs.map((slot) => values.get(slot)!);
  for (const slot of plan.outputs) owned.delete(slot);
  for (const slot of [...owned]) drop(slot);
  return results;
}
