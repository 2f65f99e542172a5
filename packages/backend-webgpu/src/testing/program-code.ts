/** The WGSL of small programs, for snapshots. */
import { type Program, ProgramBuilder, tensorType, type Value } from '@attune/ir';
import { schedule } from '../schedule/schedule.js';
import { cpuTuning } from '../schedule/tuning.js';

/** A program of inputs by their shapes. */
export function programOf(
  shapes: Readonly<Record<string, readonly number[]>>,
  body: (...inputs: Value[]) => Value,
): Program {
  const builder = new ProgramBuilder('test');
  const inputs = Object.entries(shapes).map(([name, shape]) => builder.input(name, tensorType(shape)));
  return builder.finish({ y: body(...inputs) });
}

/** Its kernels, each under the ops that it computes. */
export const codeOf = (program: Program, tuning = cpuTuning): string =>
  schedule(program, { tuning })
    .kernels.map(({ label, code }) => `// ${label}\n${code}`)
    .join('\n');
