/** Trains a model on given batches, as the golden trajectories were made: the programs are those of the Trainer. */

import { runOnDevice } from '@attune/conformance';
import {
  adamw,
  batchInput,
  constantSchedule,
  grad,
  type HostBatch,
  inputNamesOf,
  type LayerRewrite,
  legalize,
  type Model,
  type Objective,
  optimizerState,
  type ParameterSpec,
  STEP_INPUT,
  type StepOptions,
  type Traced,
  totalInput,
  traceForward,
  traceLoss,
  trainStep,
} from '@attune/core';
import { type Buffer, type Device, elementCount, type HostTensor, hostTensor, type Program } from '@attune/ir';

export interface Recipe {
  readonly model: Model;
  readonly objective: Objective;
  readonly rewrites?: readonly LayerRewrite[];
  /** By our parameter names. */
  readonly weights: ReadonlyMap<string, HostTensor>;
  trains(parameter: ParameterSpec): boolean;
}

export interface AdamwSettings {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weight_decay: number;
  readonly steps: number;
}

/** The model's outputs without gradients. */
export async function forward(
  recipe: Recipe,
  batch: HostBatch,
  device: Device,
): Promise<ReadonlyMap<string, HostTensor>> {
  const inputs = pick(batch, inputNamesOf(recipe.model));
  const { program } = traceForward({ model: recipe.model, batch: typesOf(inputs), rewrites: recipe.rewrites ?? [] });
  return run(legalize(program, device.capabilities), recipe, inputs, device);
}

/** Outputs, `loss`, and `grad/<parameter>` of every trainable parameter that the loss reaches. */
export async function gradients(
  recipe: Recipe,
  batch: HostBatch,
  device: Device,
): Promise<ReadonlyMap<string, HostTensor>> {
  const traced = lossOf(recipe, batch);
  const wrt = traced.parameters.filter((parameter) => recipe.trains(parameter)).map(({ name }) => name);
  const program = grad(traced.program, { output: 'loss', wrt });
  return run(legalize(program, device.capabilities), recipe, batch, device);
}

/**
 * Losses before each step, one per batch, and the trained parameters after `steps` of them; a batch more than that gives
 * the loss after the last step.
 */
export async function trajectory(
  recipe: Recipe,
  batches: readonly HostBatch[],
  { lr, betas, eps, weight_decay, steps }: AdamwSettings,
  device: Device,
): Promise<{ readonly losses: readonly number[]; readonly parameters: ReadonlyMap<string, HostTensor> }> {
  const compiled = new Map<
    string,
    { program: Program; run: (inputs: readonly Buffer[]) => Promise<readonly Buffer[]> }
  >();
  const frozen = new Map<string, Buffer>();
  const carried = new Map<string, Buffer>();
  const losses: number[] = [];
  const parameters = new Map<string, HostTensor>();
  for (const [step, batch] of batches.entries()) {
    const key = JSON.stringify(typesOf(batch));
    let current = compiled.get(key);
    if (!current) {
      const traced = lossOf(recipe, batch);
      const options: StepOptions = {
        updates: traced.parameters
          .filter((parameter) => recipe.trains(parameter))
          .map((parameter) => ({ parameter, learningRateScale: 1, weightDecay: weight_decay })),
        optimizer: adamw({ betas: [...betas], epsilon: eps }),
        schedule: constantSchedule({ learningRate: lr }),
      };
      if (compiled.size === 0) begin(recipe, traced, options, device, frozen, carried);
      const program = legalize(trainStep(traced, options), device.capabilities);
      const executable = await device.compile(program);
      current = { program, run: (inputs) => executable.run(inputs) };
      compiled.set(key, current);
    }
    const given = fieldsOf(recipe.objective, batch, step);
    const inputs = current.program.inputs.map(
      ({ name }) => carried.get(name) ?? frozen.get(name) ?? device.upload(given.get(name)!),
    );
    const outputs = await current.run(inputs);
    for (const [index, { name }] of current.program.outputs.entries()) {
      if (carried.has(name)) carried.set(name, outputs[index]!);
      else if (name === 'loss') losses.push((await device.download(outputs[index]!)).data[0]!);
    }
    if (step + 1 !== steps) continue;
    for (const [name, buffer] of carried) {
      if (!name.startsWith('state/')) parameters.set(name, await device.download(buffer));
    }
  }
  for (const buffer of [...carried.values(), ...frozen.values()]) buffer[Symbol.dispose]();
  return { losses, parameters };
}

function begin(
  { weights, trains }: Recipe,
  { parameters }: Traced,
  options: StepOptions,
  device: Device,
  frozen: Map<string, Buffer>,
  carried: Map<string, Buffer>,
): void {
  for (const parameter of parameters) {
    (trains(parameter) ? carried : frozen).set(parameter.name, device.upload(weights.get(parameter.name)!));
  }
  for (const { name, type, initial } of optimizerState(options)) {
    carried.set(name, device.upload(hostTensor(type.shape, new Float32Array(elementCount(type.shape)).fill(initial))));
  }
}

function lossOf({ model, objective, rewrites = [] }: Recipe, batch: HostBatch): Traced {
  return traceLoss({ model, batch: typesOf(batch), objective, rewrites, training: false });
}

async function run(program: Program, { weights, objective }: Recipe, batch: HostBatch, device: Device) {
  const given = fieldsOf(objective, batch, 0);
  const inputs = program.inputs.map(({ name }) => weights.get(name) ?? given.get(name)!);
  const outputs = await runOnDevice(device, program, inputs);
  return new Map(program.outputs.map(({ name }, index) => [name, outputs[index]!]));
}

/** The inputs of a step that are neither parameters nor state. */
function fieldsOf(objective: Objective, batch: HostBatch, step: number): ReadonlyMap<string, HostTensor> {
  const labelled = objective.labelNames.every((name) => name in batch);
  const counts = labelled ? objective.counts(batch) : {};
  return new Map([
    ...Object.entries(batch).map(([name, tensor]) => [batchInput(name), tensor] as const),
    ...Object.entries(counts).map(([name, count]) => [totalInput(name), hostTensor([], [count])] as const),
    [STEP_INPUT, hostTensor([], [step], 'i32')] as const,
  ]);
}

const typesOf = (batch: HostBatch) => Object.fromEntries(Object.entries(batch).map(([name, { type }]) => [name, type]));

const pick = (batch: HostBatch, names: readonly string[]): HostBatch =>
  Object.fromEntries(names.map((name) => [name, batch[name]!]));
