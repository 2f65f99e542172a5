import { type HostTensor, hostTensor, interpret, ProgramBuilder } from '@attune/ir';
import { grad } from '../../autodiff.js';
import { type HostBatch, type Objective, withMetrics } from '../../objective.js';

type Totals = Readonly<Record<string, number>>;

/** Loss and gradient of the first output; totals of the batch itself by default. */
export function runObjective(
  objective: Objective,
  outputs: HostBatch,
  batch: HostBatch,
  totals: Totals = objective.counts(batch),
) {
  const builder = new ProgramBuilder(objective.name);
  const declare = (fields: HostBatch) =>
    Object.fromEntries(Object.entries(fields).map(([name, { type }]) => [name, builder.input(name, type)]));
  const sums = Object.fromEntries(objective.countNames.map((name) => [name, hostTensor([], [totals[name]!])]));
  const own = declare(outputs);
  const { loss } = withMetrics(
    objective.loss({ forward: () => own, batch: declare(batch), training: true, totals: declare(sums) }),
  );
  const program = grad(builder.finish({ loss }), { wrt: [Object.keys(outputs)[0]!] });
  const [value, gradient] = interpret(
    program,
    [outputs, batch, sums].flatMap((fields) => Object.values<HostTensor>(fields)),
  );
  return { loss: value!.data[0]!, gradient: Array.from(gradient!.data) };
}
