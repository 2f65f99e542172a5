/** The diagonal of the empirical Fisher information: how much a task needs each number of a model. */
import { AttuneError, add, type HostTensor, hostTensor, mul, ProgramBuilder, type Value, zeros } from '@attune/ir';
import { differentiate } from '../autodiff.js';
import type { Batch } from '../dataset.js';
import type { Objective } from '../objective.js';
import { donate } from '../passes/donate.js';
import { unfuse } from '../passes/unfuse.js';
import { totalInput } from '../port-names.js';
import { traceLoss } from '../trace.js';
import { partsOf } from '../trainer/batch-parts.js';
import { inputsOf, shapesOf, typesOf } from './batch-types.js';
import type { Learner } from './learner.js';

const fisherName = (parameter: string): string => `fisher/${parameter}`;

/**
 * The mean, over examples, of the squared gradient of each example's own loss, by the parameters that train: for a
 * classifier the squared gradient of log p(label | text) with the true labels, without dropout (Kirkpatrick et al. 2017,
 * arXiv 1612.00796). Examples go through the model one by one; a few hundred give an estimate.
 * @param batches of the task that is to be kept; rows whose labels do not count are passed over
 * @throws AttuneError `E_DATA` if no label counts, `E_STRATEGY` if nothing trains
 */
export async function fisherDiagonal(
  learner: Learner,
  objective: Objective,
  batches: Iterable<Batch>,
): Promise<ReadonlyMap<string, HostTensor>> {
  const { adapted, compiler, tensors, nameOf } = learner.context();
  // Each example begins anew, whatever the model carries from batch to batch in training.
  const { state: _, ...model } = adapted.model;
  const trained = learner.adapted.parameters.filter(({ name }) => learner.adapted.trainable.has(name));
  if (trained.length === 0) {
    throw new AttuneError('E_STRATEGY', 'No parameter trains, so there is nothing to estimate.', { field: 'strategy' });
  }
  for (const { name, type } of trained) tensors.set(fisherName(name), zeros(type));
  let examples = 0;
  for (const batch of batches) {
    const rows = Object.values(batch.tensors)[0]?.type.shape[0] ?? 0;
    for (const { tensors: example } of partsOf(batch, rows)) {
      const counts = objective.counts(example, model);
      if (Object.values(counts).some((count) => count === 0)) continue;
      const program = await compiler.compile(`fisher/${shapesOf(example)}`, () => {
        const { program: loss } = traceLoss({
          model,
          objective,
          rewrites: adapted.rewrites,
          batch: typesOf(example),
          training: false,
        });
        const plain = unfuse(loss, compiler.capabilities, { differentiated: true });
        const builder = new ProgramBuilder('squared gradients');
        const inputs = plain.inputs.map(({ name, value }) => builder.input(name, plain.types[value]!));
        const wrt = trained.map(({ name }) => name);
        const { gradients } = differentiate(builder, plain, inputs, { output: 'loss', wrt });
        const sums: Record<string, Value> = {};
        for (const [index, gradient] of gradients.entries()) {
          const { name, type } = trained[index]!;
          sums[fisherName(name)] = add(builder.input(fisherName(name), type), mul(gradient, gradient));
        }
        return donate(builder.finish(sums), Object.keys(sums));
      });
      const totals = Object.entries(counts).map(
        ([name, count]) => [totalInput(name), hostTensor([], [count])] as const,
      );
      await tensors.run(program, new Map([...inputsOf(example), ...totals]), nameOf);
      examples += 1;
    }
  }
  const diagonal = new Map<string, HostTensor>();
  for (const { name } of trained) {
    const { type, data } = await tensors.download(fisherName(name));
    tensors.delete(fisherName(name));
    diagonal.set(name, { type, data: data.map((sum) => sum / examples) });
  }
  if (examples > 0) return diagonal;
  throw new AttuneError('E_DATA', 'No label of the data counts.', { field: 'labels' });
}
