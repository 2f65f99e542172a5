import { sampledPrimitives } from '@attune/ir/internal';
import { backwardProgram, forwardProgram } from './op-program.js';
import { expectLikeReference, expectRefusal, lacksDType } from './run-program.js';
import type { ConformanceCase } from './suite.js';

/**
 * Every primitive on its samples against the float64 reference, and the ops of its gradient likewise; of a dtype that the
 * device lacks it has to refuse them.
 */
export function primitiveCases(): ConformanceCase[] {
  return sampledPrimitives().flatMap(({ definition, samples }) =>
    samples.map((sample) => ({
      name: `primitives/${definition.name}: ${sample.name}`,
      async run(device) {
        const forward = forwardProgram(definition, sample);
        if (lacksDType(device, forward)) return expectRefusal(device, forward);
        await expectLikeReference(device, forward, sample.inputs);
        const backward = sample.smooth === false ? undefined : backwardProgram(definition, sample);
        if (backward) await expectLikeReference(device, backward, sample.inputs, 5);
      },
    })),
  );
}
