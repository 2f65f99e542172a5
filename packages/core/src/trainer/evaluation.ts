import { AttuneError, type HostTensor, hostTensor } from '@attune/ir';
import type { Batch, TokenizedDataset } from '../dataset.js';
import type { Objective } from '../objective.js';
import { metricOutput, totalInput, traceLoss } from '../trace.js';
import type { AdaptedModel } from './adapted-model.js';
import { inputsOf, shapesOf, typesOf } from './batch-types.js';
import type { Compiler } from './compiler.js';
import type { DeviceTensors } from './device-tensors.js';
import type { Evaluator } from './evaluator.js';
import { pauses } from './pauses.js';

export interface EvaluationContext {
  readonly adapted: AdaptedModel;
  readonly objective: Objective;
  readonly compiler: Compiler;
  readonly tensors: DeviceTensors;
  readonly batchSize: number;
  /** The tensor that stands for a parameter; its own name by default. */
  readonly nameOf?: (parameter: string) => string;
  readonly signal?: AbortSignal;
}

/** The loss over a whole data set, and the evaluator's metrics, with the weights on the device. */
export async function evaluateDataset(
  dataset: TokenizedDataset,
  { adapted, objective, compiler, tensors, batchSize, nameOf, signal }: EvaluationContext,
  evaluator: Evaluator | undefined,
): Promise<Readonly<Record<string, number>>> {
  const batches = dataset.batches({ batchSize });
  const totals = totalsOf(objective, batches);
  const pause = pauses();
  const { metricNames = [] } = objective;
  const metrics = Object.fromEntries(metricNames.map((name) => [name, 0]));
  let loss = 0;
  for (const make of batches) {
    await pause();
    signal?.throwIfAborted();
    const batch = make();
    const { model, rewrites } = adapted;
    const program = await compiler.compile(`evaluate/${shapesOf(batch.tensors)}`, () => {
      const traced = traceLoss({ model, objective, rewrites, batch: typesOf(batch.tensors), training: false });
      const kept = ['loss', ...metricNames.map(metricOutput), ...(evaluator?.outputNames ?? [])];
      return { ...traced.program, outputs: traced.program.outputs.filter(({ name }) => kept.includes(name)) };
    });
    const outputs = await tensors.run(program, new Map([...inputsOf(batch.tensors), ...totalTensors(totals)]), nameOf);
    loss += outputs.get('loss')!.data[0]!;
    for (const name of metricNames) metrics[name]! += outputs.get(metricOutput(name))!.data[0]!;
    evaluator?.add(Object.fromEntries(outputs), batch.tensors, batch);
  }
  return { loss, ...metrics, ...evaluator?.metrics(loss) };
}

/** Sums of the counts over all batches. @throws AttuneError `E_DATA` where no label counts */
function totalsOf(objective: Objective, batches: readonly (() => Batch)[]): Readonly<Record<string, number>> {
  const totals = Object.fromEntries(objective.countNames.map((name) => [name, 0]));
  for (const make of batches) {
    for (const [name, count] of Object.entries(objective.counts(make().tensors))) totals[name]! += count;
  }
  const empty = Object.entries(totals).find(([, total]) => total === 0);
  if (!empty) return totals;
  throw new AttuneError('E_DATA', `No label of the evaluation data counts (${empty[0]} is 0).`, { field: empty[0] });
}

const totalTensors = (totals: Readonly<Record<string, number>>): Map<string, HostTensor> =>
  new Map(Object.entries(totals).map(([name, total]) => [totalInput(name), hostTensor([], [total])]));
