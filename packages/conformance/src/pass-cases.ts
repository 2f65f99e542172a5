import { eliminateCommonSubexpressions, eliminateDeadCode, grad, legalize } from '@attune/core/internal';
import type { Capabilities, Program } from '@attune/ir';
import { runOnDevice } from './run-program.js';
import type { ConformanceCase } from './suite.js';
import { expectClose } from './tolerance.js';
import { transformerInputs, transformerLoss, transformerParameters } from './transformer.js';

type Pass = (program: Program, capabilities: Capabilities) => Program;

const passes: Readonly<Record<string, Pass>> = {
  dce: (program) => eliminateDeadCode(program),
  cse: (program) => eliminateCommonSubexpressions(program),
  legalize: (program, capabilities) => legalize(program, capabilities),
};

/** Every pass alone and every pair, in both orders, leaves a program's results as they were. */
export function passCases(): ConformanceCase[] {
  const names = Object.keys(passes);
  const sequences = [
    ...names.map((name) => [name]),
    ...names.flatMap((a) => names.filter((b) => a !== b).map((b) => [a, b])),
  ];
  return sequences.map((sequence) => ({
    name: `passes/${sequence.join(' then ')}`,
    async run(device) {
      const program = grad(transformerLoss(), { wrt: Object.keys(transformerParameters) });
      const inputs = transformerInputs();
      const plain = await runOnDevice(device, program, inputs);
      const passed = sequence.reduce((current, name) => passes[name]!(current, device.capabilities), program);
      const results = await runOnDevice(device, passed, inputs);
      for (const [index, { name }] of program.outputs.entries()) {
        expectClose(`${name} after ${sequence.join(', ')}`, results[index]!, plain[index]!, 10);
      }
    },
  }));
}
