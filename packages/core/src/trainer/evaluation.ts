import { type HostTensor, hostTensor } from '@attune/ir';
import type { TokenizedDataset } from '../dataset.js';
import type { HostBatch, Objective } from '../objective.js';
import { batchInput, totalInput, traceForward, traceLoss } from '../trace.js';
import type { AdaptedModel } from './adapted-model.js';
import type { Compiler } from './compiler.js';
import type { DeviceTensors } from './device-tensors.js';
import type { Evaluator } from './evaluator.js';
import { shapesOf, typesOf } from './training-programs.js';

export interface EvaluationContext {
  readonly adapted: AdaptedModel;
  readonly objective: Objective;
  readonly compiler: Compiler;
  readonly tensors: DeviceTensors;
  readonly batchSize: number;
  readonly signal?: AbortSignal;
}

/** The loss over a whole data set, and the evaluator's metrics, with the weights on the device. */
export async function evaluateDataset(
  dataset: TokenizedDataset,
  { adapted, objective, compiler, tensors, batchSize, signal }: EvaluationContext,
  evaluator: Evaluator | undefined,
): Promise<Readonly<Record<string, number>>> {
  const batches = dataset.batches({ batchSize }).map((make) => make());
  const totals: Record<string, number> = {};
  for (const batch of batches) {
    for (const [name, count] of Object.entries(objective.counts(batch.tensors)))
      totals[name] = (totals[name] ?? 0) + count;
  }
  let loss = 0;
  for (const batch of batches) {
    signal?.throwIfAborted();
    const { model, rewrites } = adapted;
    const program = await compiler.compile(`evaluate/${shapesOf(batch.tensors)}`, () => {
      const traced = traceLoss({ model, objective, rewrites, batch: typesOf(batch.tensors), training: false });
      const kept = ['loss', ...(evaluator?.outputNames ?? [])];
      return { ...traced.program, outputs: traced.program.outputs.filter(({ name }) => kept.includes(name)) };
    });
    const outputs = await tensors.run(program, new Map([...fieldsOf(batch.tensors), ...totalsOf(totals)]));
    loss += outputs.get('loss')!.data[0]!;
    evaluator?.add(Object.fromEntries(outputs), batch.tensors);
  }
  return { loss, ...evaluator?.metrics() };
}

/** The model's outputs for every example, by its index in the data set: one row per example of each output. */
export async function predictDataset(
  dataset: TokenizedDataset,
  { adapted, compiler, tensors, batchSize, signal }: Omit<EvaluationContext, 'objective'>,
  outputName: string,
): Promise<readonly Float32Array[]> {
  const rows: Float32Array[] = new Array(dataset.length);
  for (const make of dataset.batches({ batchSize })) {
    signal?.throwIfAborted();
    const batch = make();
    const { model, rewrites } = adapted;
    const inputs = Object.fromEntries(model.inputNames.map((name) => [name, batch.tensors[name]!]));
    const program = await compiler.compile(`predict/${outputName}/${shapesOf(inputs)}`, () => {
      const { program: forward } = traceForward({ model, rewrites, batch: typesOf(inputs) });
      return { ...forward, outputs: forward.outputs.filter(({ name }) => name === outputName) };
    });
    const output = (await tensors.run(program, fieldsOf(inputs))).get(outputName)!;
    const width = output.data.length / output.type.shape[0]!;
    for (const [row, index] of batch.indices.entries()) {
      rows[index] = Float32Array.from(output.data.subarray(row * width, (row + 1) * width));
    }
  }
  return rows;
}

const fieldsOf = (batch: HostBatch): Map<string, HostTensor> =>
  new Map(Object.entries(batch).map(([name, tensor]) => [batchInput(name), tensor]));

const totalsOf = (totals: Readonly<Record<string, number>>): Map<string, HostTensor> =>
  new Map(Object.entries(totals).map(([name, total]) => [totalInput(name), hostTensor([], [total])]));
