import { adamwUpdateDefinition, adamwUpdateSamples } from '@attune/core/internal';
import { decomposeAll, type SampledOp, sampledComposites } from '@attune/ir/internal';
import { backwardProgram, forwardProgram } from './op-program.js';
import { expectLikeReference, runOnDevice } from './run-program.js';
import type { ConformanceCase } from './suite.js';
import { expectClose } from './tolerance.js';

/** Every composite of ir and core: as the device runs it, against its decomposition and the reference. */
export function compositeCases(): ConformanceCase[] {
  const adamwUpdate: SampledOp = { definition: adamwUpdateDefinition, samples: adamwUpdateSamples() };
  return [...sampledComposites(), adamwUpdate].flatMap(({ definition, samples }) =>
    samples.map((sample) => ({
      name: `composites/${definition.name}: ${sample.name}`,
      async run(device) {
        const program = forwardProgram(definition, sample);
        await expectLikeReference(device, program, sample.inputs);
        const native = await runOnDevice(device, program, sample.inputs);
        const decomposed = await runOnDevice(device, decomposeAll(program), sample.inputs);
        for (const [index, tensor] of native.entries()) {
          expectClose(`${definition.name} native against decomposed`, tensor, decomposed[index]!, 2);
        }
        const backward = sample.smooth === false ? undefined : backwardProgram(definition, sample);
        if (backward) await expectLikeReference(device, backward, sample.inputs, 5);
      },
    })),
  );
}
