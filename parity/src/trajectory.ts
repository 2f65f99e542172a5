/** Trains a model on given batches, as the golden trajectories were made, by the programs that the Trainer runs. */
import { overrideDevice } from '@attune/conformance';
import { type HostBatch, Learner, type Model, type Objective, type ParameterSpec, type Strategy } from '@attune/core';
import { type Backend, type Device, type HostTensor, hostTensor, interpret, ProgramBuilder } from '@attune/ir';

export interface Recipe {
  readonly model: Model;
  readonly objective: Objective;
  /** None by default. */
  readonly strategies?: readonly Strategy[];
  /** By our parameter names. */
  readonly weights: ReadonlyMap<string, HostTensor>;
  /** @param before whether the strategies train it */
  trains(parameter: ParameterSpec, before: boolean): boolean;
}

export interface AdamwSettings {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weight_decay: number;
  readonly steps: number;
}

type Tensors = ReadonlyMap<string, HostTensor>;

/** The model's outputs without gradients. */
export async function forward(recipe: Recipe, batch: HostBatch, device: Device): Promise<Tensors> {
  await using learner = await learnerOf({ ...recipe, trains: () => false }, device);
  return await learner.outputs(batch);
}

/** The gradient of every trainable parameter. */
export async function gradientsAlone(recipe: Recipe, batch: HostBatch, device: Device): Promise<Tensors> {
  await using learner = await learnerOf(recipe, device);
  return await learner.gradients([{ tensors: batch }]);
}

/** Outputs, `loss`, and `grad/<parameter>` of every trainable parameter. */
export async function gradients(recipe: Recipe, batch: HostBatch, device: Device): Promise<Tensors> {
  await using learner = await learnerOf(recipe, device);
  const outputs = await learner.outputs(batch);
  const { loss } = await learner.loss([{ tensors: batch }]);
  const found = await learner.gradients([{ tensors: batch }]);
  const penalties = penaltiesOf(learner, recipe.weights);
  const whole = ([name, { type, data }]: readonly [string, HostTensor]) => {
    const extra = penalties.gradients.get(name);
    return [`grad/${name}`, { type, data: extra ? data.map((value, at) => value + extra.data[at]!) : data }] as const;
  };
  return new Map([...outputs, ['loss', hostTensor([], [loss + penalties.loss])], ...[...found].map(whole)]);
}

/**
 * Losses before each step, one per batch, and the trained parameters after `steps` of them; a batch more than that gives
 * the loss after the last step.
 */
export async function trajectory(
  recipe: Recipe,
  batches: readonly HostBatch[],
  settings: AdamwSettings,
  device: Device,
): Promise<{ readonly losses: readonly number[]; readonly parameters: Tensors }> {
  await using learner = await learnerOf(recipe, device, settings);
  const losses: number[] = [];
  for (const tensors of batches.slice(0, settings.steps)) {
    const penalties = penaltiesOf(learner, await learner.weights());
    losses.push((await learner.step([{ tensors }])).loss + penalties.loss);
  }
  const weights = await learner.weights();
  const last = penaltiesOf(learner, weights);
  for (const tensors of batches.slice(settings.steps))
    losses.push((await learner.loss([{ tensors }])).loss + last.loss);
  return { losses, parameters: new Map([...weights].filter(([name]) => learner.adapted.trainable.has(name))) };
}

/** The terms of the loss that the learner keeps from its events and adds to gradients only in the step. */
function penaltiesOf({ adapted: { adaptation, parameters, trainable } }: Learner, weights: Tensors) {
  const gradients = new Map<string, HostTensor>();
  let loss = 0;
  for (const parameter of parameters.filter(({ name }) => trainable.has(name))) {
    for (const penalty of adaptation.penalties(parameter)) {
      const builder = new ProgramBuilder('penalty');
      const input = builder.input(parameter.name, parameter.type);
      const value = penalty.value?.(input) ?? builder.scalar(0);
      const program = builder.finish({ value, gradient: penalty.gradient(input, {}) });
      const [term, gradient] = interpret(program, [weights.get(parameter.name)!]);
      loss += term!.data[0]!;
      gradients.set(parameter.name, gradient!);
    }
  }
  return { loss, gradients };
}

/** Golden values are made without dropout, and all that trains decays. */
export function learnerOf(
  { model, objective, strategies = [], weights, trains }: Recipe,
  device: Device,
  settings?: AdamwSettings,
): Promise<Learner> {
  const golden: Strategy = {
    name: 'golden case',
    options: {},
    adapt: () => ({ trainable: trains, dropoutAt: () => false }),
  };
  return Learner.open({
    model: { model, weights, objective },
    strategy: [...strategies, golden],
    backend: openedBefore(device),
    decays: () => true,
    maxGradNorm: 0,
    ...(settings
      ? {
          learningRate: settings.lr,
          adamBeta1: settings.betas[0],
          adamBeta2: settings.betas[1],
          adamEpsilon: settings.eps,
          weightDecay: settings.weight_decay,
        }
      : {}),
  });
}

/** The device of all cases, which a learner does not close. */
function openedBefore(device: Device): Backend {
  const shared = overrideDevice(device, { [Symbol.asyncDispose]: async () => {} });
  return { name: device.info.backend, probe: async () => [device.info], open: async () => shared };
}
