/** For tests: a data set through the float64 interpreter, one example at a time, in place of a backend and evaluators. */
import type { AdaptedModel, HostBatch, Objective, TokenizedDataset } from '@attune/core';
import { batchInput, totalInput, traceLoss } from '@attune/core/internal';
import { type HostTensor, hostTensor } from '@attune/ir';
import { interpretByName } from '@attune/testing/interpret-by-name';

/** One example: what the model reads and should say, and what it says. */
export interface ReferenceRow {
  readonly fields: HostBatch;
  readonly outputs: HostBatch;
}

export interface ReferenceEvaluation {
  readonly loss: number;
  readonly rows: readonly ReferenceRow[];
}

export function referenceEvaluation(
  dataset: TokenizedDataset,
  objective: Objective,
  { model, rewrites }: AdaptedModel,
  weights: ReadonlyMap<string, HostTensor>,
): ReferenceEvaluation {
  const examples = dataset.batches({ batchSize: 1 }).map((make) => make().tensors);
  const totals = objective.countNames.map((name): [string, HostTensor] => {
    const total = examples.reduce((sum, fields) => sum + objective.counts(fields)[name]!, 0);
    return [totalInput(name), hostTensor([], [total])];
  });
  const rows = examples.map((fields) => {
    const batch = Object.fromEntries(Object.entries(fields).map(([name, { type }]) => [name, type]));
    const { program } = traceLoss({ model, objective, rewrites, batch, training: false });
    const given = Object.entries(fields).map(([name, tensor]): [string, HostTensor] => [batchInput(name), tensor]);
    return {
      fields,
      outputs: Object.fromEntries(interpretByName(program, new Map([...weights, ...totals, ...given]))),
    };
  });
  return { loss: rows.reduce((sum, { outputs }) => sum + outputs.loss!.data[0]!, 0), rows };
}
