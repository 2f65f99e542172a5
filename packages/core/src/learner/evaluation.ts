import { AttuneError, type HostTensor, hostTensor } from '@attune/ir';
import type { Batch, TokenizedDataset } from '../dataset.js';
import { metricNamesOf, type Objective } from '../objective.js';
import { donate } from '../passes/donate.js';
import { metricOutput, totalInput } from '../port-names.js';
import { carriedNames, traceLoss } from '../trace.js';
import type { Evaluator } from '../trainer/evaluator.js';
import type { AdaptedModel } from './adapted-model.js';
import { inputsOf, shapesOf, typesOf } from './batch-types.js';
import type { Compiler } from './compiler.js';
import type { DeviceTensors } from './device-tensors.js';
import { pauses } from './pauses.js';
import type { StepBatch } from './training-programs.js';

export interface EvaluationContext {
  readonly adapted: Pick<AdaptedModel, 'model' | 'rewrites'>;
  readonly objective: Objective;
  readonly compiler: Compiler;
  readonly tensors: DeviceTensors;
  readonly batchSize: number;
  /** The tensor that stands for a parameter; its own name by default. */
  readonly nameOf?: (parameter: string) => string;
  readonly signal?: AbortSignal;
  /** Called after each batch. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface LossResult {
  readonly loss: number;
  /** Those of the objective. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** The loss over a whole data set, and the evaluator's metrics, with the weights on the device. */
export async function evaluateDataset(
  dataset: TokenizedDataset,
  context: EvaluationContext,
  evaluator: Evaluator | undefined,
): Promise<Readonly<Record<string, number>>> {
  const { batchSize } = context;
  const outputNames = evaluator?.outputNames ?? [];
  const { loss, metrics } = await lossOf(dataset.batches({ batchSize }), context, outputNames, (outputs, batch) =>
    evaluator?.add(Object.fromEntries(outputs), batch.tensors, batch),
  );
  return { loss, ...metrics, ...evaluator?.metrics(loss) };
}

/**
 * The loss over batches, without dropout.
 * @param outputNames outputs of the model that `use` gets for each batch
 */
export async function lossOf<Each extends StepBatch>(
  batches: readonly (() => Each)[],
  context: EvaluationContext,
  outputNames: readonly string[] = [],
  use: (outputs: ReadonlyMap<string, HostTensor>, batch: Each) => void = () => {},
): Promise<LossResult> {
  const { adapted, compiler, tensors, nameOf = (name) => name, signal, onProgress } = context;
  const { model, rewrites } = adapted;
  const objective = context.objective.measured ?? context.objective;
  const totals = totalsOf({ objective, adapted }, batches);
  const metricNames = metricNamesOf(objective, false);
  const metrics = Object.fromEntries(metricNames.map((name) => [name, 0]));
  const kept = ['loss', ...metricNames.map(metricOutput), ...outputNames];
  const carried = model.state && new (await import('./carried-state.js')).CarriedState(model, tensors, 'evaluation');
  const pause = pauses();
  let loss = 0;
  for (const [index, make] of batches.entries()) {
    await pause();
    signal?.throwIfAborted();
    const batch = make();
    const program = await compiler.compile(`evaluate/${outputNames}/${shapesOf(batch.tensors)}`, () => {
      const traced = traceLoss({ model, objective, rewrites, batch: typesOf(batch.tensors), training: false });
      const carriedOn = carriedNames(traced.program);
      const outputs = traced.program.outputs.filter(({ name }) => kept.includes(name) || carriedOn.includes(name));
      return donate({ ...traced.program, outputs }, carriedOn);
    });
    const own = carried?.begin(batch);
    const given = new Map([...inputsOf(batch.tensors), ...totalTensors(totals)]);
    const outputs = await tensors.run(program, given, own ? (port) => nameOf(own(port)) : nameOf);
    loss += outputs.get('loss')!.data[0]!;
    for (const name of metricNames) metrics[name]! += outputs.get(metricOutput(name))!.data[0]!;
    use(outputs, batch);
    onProgress?.(index + 1, batches.length);
  }
  carried?.clear();
  return { loss, metrics };
}

/** Sums of the counts over all batches. @throws AttuneError `E_DATA` where no label counts */
function totalsOf(
  { objective, adapted: { model } }: Pick<EvaluationContext, 'objective' | 'adapted'>,
  batches: readonly (() => Pick<Batch, 'tensors'>)[],
): Readonly<Record<string, number>> {
  const totals = Object.fromEntries(objective.countNames.map((name) => [name, 0]));
  for (const make of batches) {
    for (const [name, count] of Object.entries(objective.counts(make().tensors, model))) totals[name]! += count;
  }
  const empty = Object.entries(totals).find(([, total]) => total === 0);
  if (!empty) return totals;
  throw new AttuneError('E_DATA', `No label of the evaluation data counts (${empty[0]} is 0).`, { field: empty[0] });
}

const totalTensors = (totals: Readonly<Record<string, number>>): Map<string, HostTensor> =>
  new Map(Object.entries(totals).map(([name, total]) => [totalInput(name), hostTensor([], [total])]));
