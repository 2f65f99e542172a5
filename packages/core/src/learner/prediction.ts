/** Outputs of a model for the examples of a data set, and the answers made of them. */
import type { HostTensor } from '@attune/ir';
import type { TokenizedDataset } from '../dataset.js';
import { fieldsRead } from '../model.js';
import type { HostBatch } from '../objective.js';
import { fieldOf } from '../objectives/labels.js';
import { traceForward } from '../trace.js';
import type { EncodedInput, RowOutputs } from '../trainer/text-task.js';
import { inputsOf, shapesOf, typesOf } from './batch-types.js';
import type { EvaluationContext } from './evaluation.js';
import { pauses } from './pauses.js';

export type PredictionContext = Omit<EvaluationContext, 'objective'>;

interface ExampleOutputs {
  /** The example's index in the data set. */
  readonly index: number;
  /** Its row of each output. */
  readonly outputs: RowOutputs;
}

/**
 * The model's outputs for one batch.
 * @param outputNames all by default
 */
export async function outputsOf(
  fields: HostBatch,
  { adapted: { model, rewrites }, compiler, tensors, nameOf }: PredictionContext,
  outputNames?: readonly string[],
): Promise<ReadonlyMap<string, HostTensor>> {
  const inputs = Object.fromEntries(fieldsRead(model, fields).map((name) => [name, fieldOf(fields, name)]));
  const program = await compiler.compile(`predict/${outputNames ?? ''}/${shapesOf(inputs)}`, () => {
    const { program: forward } = traceForward({ model, rewrites, batch: typesOf(inputs) });
    return { ...forward, outputs: forward.outputs.filter(({ name }) => outputNames?.includes(name) ?? true) };
  });
  return tensors.run(program, inputsOf(inputs), nameOf);
}

/** The named outputs of every example, batch by batch: not in the order of the data set. */
async function* predictExamples(
  dataset: TokenizedDataset,
  context: PredictionContext,
  outputNames: readonly string[],
): AsyncGenerator<ExampleOutputs, void, undefined> {
  const { batchSize, signal } = context;
  const pause = pauses();
  for (const make of dataset.batches({ batchSize })) {
    await pause();
    signal?.throwIfAborted();
    const batch = make();
    const found = await outputsOf(batch.tensors, context, outputNames);
    for (const [row, index] of batch.indices.entries()) {
      const outputs = outputNames.map((name) => {
        const { type, data } = found.get(name)!;
        const width = data.length / type.shape[0]!;
        return [name, Float32Array.from(data.subarray(row * width, (row + 1) * width))] as const;
      });
      yield { index, outputs: Object.fromEntries(outputs) };
    }
  }
}

/** One output for every example, in the order of the data set. */
export async function predictDataset(
  dataset: TokenizedDataset,
  context: PredictionContext,
  outputName: string,
): Promise<readonly Float32Array[]> {
  const rows: Float32Array[] = new Array(dataset.length);
  for await (const { index, outputs } of predictExamples(dataset, context, [outputName])) {
    rows[index] = outputs[outputName]!;
  }
  return rows;
}

/**
 * The answers to inputs, in their order. An input is answered as soon as all its rows are there, so that outputs do not
 * pile up.
 * @param dataset the rows of all inputs, in their order
 */
export async function answerInputs<Answer>(
  inputs: readonly EncodedInput<Answer>[],
  dataset: TokenizedDataset,
  context: PredictionContext,
  outputNames: readonly string[],
): Promise<readonly Answer[]> {
  const places = inputs.flatMap(({ rows }, input) => rows.map((_, row) => ({ input, row })));
  const waiting = inputs.map(({ rows }) => ({ left: rows.length, outputs: new Array<RowOutputs>(rows.length) }));
  const answers: Answer[] = new Array(inputs.length);
  for await (const { index, outputs } of predictExamples(dataset, context, outputNames)) {
    const { input, row } = places[index]!;
    const open = waiting[input]!;
    open.outputs[row] = outputs;
    open.left -= 1;
    if (open.left > 0) continue;
    answers[input] = inputs[input]!.answer(open.outputs);
    open.outputs = [];
  }
  return answers;
}
