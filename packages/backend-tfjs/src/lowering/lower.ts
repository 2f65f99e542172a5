import type { Program } from '@attune/ir';
import { decomposeAll } from '@attune/ir/internal';
import { isHostDType } from '../dtypes.js';
import { nativeComposites } from '../emitters/composites.js';
import { emit } from './emit.js';
import { withoutDeadSteps } from './live-steps.js';
import { Lowering } from './lowering.js';
import type { Plan, SlotId, Target } from './plan.js';

/** Lowers a program to steps. @throws AttuneError `E_UNSUPPORTED_PROGRAM` for an op without an emitter */
export function lower(source: Program, target: Target): Plan {
  const program = decomposeAll(source, nativeComposites);
  const lowering = new Lowering(program, target);
  for (const op of program.ops) emit(lowering, op);
  const { plan, inputs } = lowering;
  const taken = new Set<SlotId>([...inputs, ...plan.constants.map(({ slot }) => slot)]);
  const outputs = program.outputs.map(({ value }) => {
    const type = lowering.type(value);
    const slot = isHostDType(type.dtype) ? lowering.onHost(value) : lowering.full(value);
    // An output is a buffer of its own, also where it is an input, a constant or another output.
    const own = taken.has(slot) && plan.slots[slot]!.place === 'device';
    const output = own ? plan.kernel('Identity', { x: slot }, {}, type) : slot;
    taken.add(output);
    return output;
  });
  const { slots, constants, steps } = plan;
  return withoutDeadSteps({ name: program.name, slots, inputs, constants, steps, outputs });
}
