import type { HostTensor } from '@attune/ir';
import { sha256 } from '../checkpoint/manifest.js';
import type { TokenizedDataset } from '../dataset.js';
import type { Objective } from '../objective.js';
import type { Strategy } from '../strategy.js';
import { VERSION } from '../version.js';
import type { TrainingArguments } from './training-arguments.js';

/** Arguments that change the weights a run ends with; the others may change between a run and its resumption. */
const decisive = [
  'learningRate',
  'numTrainEpochs',
  'maxSteps',
  'perDeviceTrainBatchSize',
  'gradientAccumulationSteps',
  'weightDecay',
  'optim',
  'adamBeta1',
  'adamBeta2',
  'adamEpsilon',
  'optimArgs',
  'maxGradNorm',
  'lrSchedulerType',
  'lrSchedulerKwargs',
  'warmupSteps',
  'warmupRatio',
  'seed',
  'emaDecay',
] as const satisfies readonly (keyof TrainingArguments)[];

/** What decides over a run's weights, as plain JSON: compared when a run is resumed. */
export async function runIdentity(
  options: TrainingArguments,
  strategies: readonly Strategy[],
  { name, options: settings }: Objective,
  train: TokenizedDataset,
  weights: ReadonlyMap<string, HostTensor>,
): Promise<Readonly<Record<string, unknown>>> {
  return {
    ...Object.fromEntries(decisive.map((name) => [name, options[name] ?? null])),
    objective: { name, ...settings },
    strategy: strategies.map((strategy) => ({ name: strategy.name, ...strategy.options })),
    version: VERSION,
    data: train.fingerprint,
    model: await hashWeights(weights),
  };
}

/** sha256 over the hashes of all tensors, by name. */
async function hashWeights(weights: ReadonlyMap<string, HostTensor>): Promise<string> {
  const lines: string[] = [];
  for (const [name, { data }] of [...weights].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = new Uint8Array(data.byteLength);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    lines.push(`${name} ${await sha256(bytes)}`);
  }
  return sha256(new TextEncoder().encode(lines.join('\n')));
}
