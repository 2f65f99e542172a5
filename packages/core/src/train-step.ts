/**
 * The programs of training: one that does a whole optimizer step, or, under gradient accumulation, one that adds up a
 * micro-batch's gradients and one that applies them.
 */
import { add, broadcastTo, cast, mul, type Program, ProgramBuilder, tensorType, type Value } from '@attune/ir';
import { differentiate } from './autodiff.js';
import { type ClipOptions, clipGradients, globalNorm } from './optimizers/clip.js';
import type { Optimizer, StateSlot } from './optimizers/optimizer.js';
import { eliminateDeadCode } from './passes/dead-code.js';
import { accumulatorName, afterUpdateName, penaltyName, STEP_INPUT, scheduleInput, stateName } from './port-names.js';
import type { Schedule } from './schedules/schedule.js';
import type { ParameterSpec } from './scope.js';
import type { AfterUpdate, Penalty } from './strategy.js';
import { carriedNames, type Traced } from './trace.js';

/** How one trainable parameter is updated. */
interface ParameterUpdate {
  readonly parameter: ParameterSpec;
  readonly learningRateScale: number;
  readonly weightDecay: number;
  /** The step, from 0, at which the parameter began to train: its optimizer counts from there. 0 where absent. */
  readonly firstStep?: number;
  /** Terms of the loss that depend on the parameter alone; none where absent. */
  readonly penalties?: readonly Penalty[];
}

export interface StepOptions {
  readonly updates: readonly ParameterUpdate[];
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  readonly clip?: ClipOptions;
  /** Outputs of the loss program that the step gives beside the loss; none by default. */
  readonly metrics?: readonly string[];
  /** What follows the update of all parameters; nothing by default. */
  readonly afterUpdates?: readonly AfterUpdate[];
}

/** One tensor that training carries from step to step beside the parameters. */
export interface CarriedTensor extends StateSlot {
  readonly name: string;
}

/** The optimizer's state for the parameters, in the order of the step program's inputs, then what strategies carry. */
export function optimizerState({ updates, optimizer, afterUpdates = [] }: StepOptions): readonly CarriedTensor[] {
  const named = (slots: Readonly<Record<string, StateSlot>>, nameOf: (slot: string) => string) =>
    Object.entries(slots).map(([slot, state]) => ({ name: nameOf(slot), ...state }));
  return [
    ...updates.flatMap(({ parameter: { name, type } }) =>
      named(optimizer.slots(type), (slot) => stateName(name, slot)),
    ),
    ...afterUpdates.flatMap(({ slots }, index) => named(slots, (slot) => afterUpdateName(index, slot))),
  ];
}

/**
 * One whole step. Inputs: those of the traced loss (parameters included), the optimizer's state, and `step` (i32,
 * from 0). Outputs: the updated parameters and state, and what the loss carries, under their input names, in place of the
 * donated ones; `loss`, the metrics, `gradientNorm` (before clipping) and `learningRate`.
 */
export function trainStep(loss: Traced, options: StepOptions): Program {
  const builder = new ProgramBuilder(`train step of ${loss.program.name}`);
  const inputs = replicateInputs(builder, loss.program);
  const wrt = options.updates.map(({ parameter }) => parameter.name);
  const { outputs, gradients } = differentiate(builder, loss.program, [...inputs.values()], { output: 'loss', wrt });
  const updated = applyUpdates(builder, inputs, gradients, options);
  const carried = named(loss.program, outputs, carriedNames(loss.program));
  const reported = named(loss.program, outputs, reportedOutputs(options));
  return finishDonating(builder, inputs, { ...updated, ...carried, ...reported });
}

/**
 * Adds one micro-batch's gradients to the accumulators. Inputs: those of the traced loss, then `accumulated/<name>`
 * for every trainable parameter, `accumulated/loss` and one for each metric; outputs: the accumulators, and what the loss
 * carries, in place.
 */
export function accumulateStep(loss: Traced, options: StepOptions): Program {
  const { updates } = options;
  const builder = new ProgramBuilder(`accumulate ${loss.program.name}`);
  const inputs = replicateInputs(builder, loss.program);
  const wrt = updates.map(({ parameter }) => parameter.name);
  const { outputs, gradients } = differentiate(builder, loss.program, [...inputs.values()], { output: 'loss', wrt });
  const sums = named(loss.program, outputs, carriedNames(loss.program));
  for (const [index, { parameter }] of updates.entries()) {
    const name = accumulatorName(parameter.name);
    const sum = builder.input(name, parameter.type);
    inputs.set(name, sum);
    sums[name] = add(sum, gradients[index]!);
  }
  for (const [output, value] of Object.entries(named(loss.program, outputs, reportedOutputs(options)))) {
    const name = accumulatorName(output);
    const sum = builder.input(name, tensorType([]));
    inputs.set(name, sum);
    sums[name] = add(sum, value);
  }
  return finishDonating(builder, inputs, sums);
}

/** The outputs of a loss program that a step reports. */
export const reportedOutputs = ({ metrics = [] }: StepOptions): readonly string[] => ['loss', ...metrics];

/** Some of a program's outputs. @param values all of them, in their order */
function named({ outputs }: Program, values: readonly Value[], names: readonly string[]): Record<string, Value> {
  const byName = new Map(outputs.map(({ name }, index) => [name, values[index]!]));
  return Object.fromEntries(names.map((name) => [name, byName.get(name)!]));
}

/**
 * Applies accumulated gradients. Inputs: trainable parameters, state, accumulators, `step`; outputs: the updated
 * parameters and state and the zeroed accumulators, in place but for those of loss and metrics; `loss`, the metrics,
 * `gradientNorm`, `learningRate`.
 */
export function applyStep(options: StepOptions): Program {
  const builder = new ProgramBuilder('apply accumulated gradients');
  const inputs = new Map<string, Value>();
  const declare = (name: string, spec: ParameterSpec) => {
    const value = builder.input(name, spec.type);
    inputs.set(name, value);
    return value;
  };
  for (const { parameter } of options.updates) declare(parameter.name, parameter);
  const gradients = options.updates.map(({ parameter }) => declare(accumulatorName(parameter.name), parameter));
  const sums = new Map(
    reportedOutputs(options).map((output) => {
      const name = accumulatorName(output);
      const value = builder.input(name, tensorType([]));
      inputs.set(name, value);
      return [output, value] as const;
    }),
  );
  const updated = applyUpdates(builder, inputs, gradients, options);
  const kept = new Set([...sums.keys()].map(accumulatorName));
  const cleared = Object.fromEntries(
    [...options.updates.map(({ parameter }) => accumulatorName(parameter.name)), ...kept].map((name) => [
      name,
      broadcastTo(builder.scalar(0), inputs.get(name)!.type.shape),
    ]),
  );
  return finishDonating(builder, inputs, { ...updated, ...cleared, ...Object.fromEntries(sums) }, kept);
}

/**
 * Adds the penalties' gradients, clips, and appends every parameter's update; declares state, `step`, the tensors of
 * penalties and the inputs of the schedule.
 */
function applyUpdates(
  builder: ProgramBuilder,
  inputs: Map<string, Value>,
  lossGradients: readonly Value[],
  { updates, optimizer, schedule, clip, afterUpdates = [] }: StepOptions,
): Record<string, Value> {
  const step = builder.input(STEP_INPUT, tensorType([], 'i32'));
  inputs.set(STEP_INPUT, step);
  const index = cast(step, 'f32');
  const learningRate = schedule.learningRate(index, (name) => {
    const value = builder.input(scheduleInput(name), tensorType([]));
    inputs.set(scheduleInput(name), value);
    return value;
  });
  const gradients = lossGradients.map((gradient, index) => penalized(builder, inputs, gradient, updates[index]!));
  const gradientNorm = globalNorm(gradients);
  const clipped = clip ? clipGradients(gradients, clip, gradientNorm) : gradients;
  const outputs: Record<string, Value> = {};
  for (const [position, { parameter, learningRateScale, weightDecay, firstStep = 0 }] of updates.entries()) {
    const state = Object.fromEntries(
      Object.entries(optimizer.slots(parameter.type)).map(([slot, { type }]) => {
        const name = stateName(parameter.name, slot);
        const value = builder.input(name, type);
        inputs.set(name, value);
        return [slot, value];
      }),
    );
    const next = optimizer.update({
      parameter: inputs.get(parameter.name)!,
      gradient: clipped[position]!,
      state,
      learningRate: learningRateScale === 1 ? learningRate : mul(learningRate, learningRateScale),
      step: add(index, 1 - firstStep),
      weightDecay,
    });
    outputs[parameter.name] = next.parameter;
    for (const [slot, value] of Object.entries(next.state)) outputs[stateName(parameter.name, slot)] = value;
  }
  for (const [index, { slots, apply }] of afterUpdates.entries()) {
    const state: Record<string, Value> = {};
    for (const [slot, { type }] of Object.entries(slots)) {
      const name = afterUpdateName(index, slot);
      state[slot] = builder.input(name, type);
      inputs.set(name, state[slot]);
    }
    const byName = (values: readonly Value[]) =>
      Object.fromEntries(updates.map(({ parameter: { name } }, position) => [name, values[position]!]));
    const next = apply({
      parameters: byName(updates.map(({ parameter: { name } }) => outputs[name]!)),
      gradients: byName(clipped),
      state,
      step,
    });
    Object.assign(outputs, next.parameters);
    for (const slot of Object.keys(slots)) outputs[afterUpdateName(index, slot)] = next.state[slot]!;
  }
  return { ...outputs, gradientNorm, learningRate };
}

function penalized(
  builder: ProgramBuilder,
  inputs: Map<string, Value>,
  gradient: Value,
  { parameter, penalties = [] }: ParameterUpdate,
): Value {
  return penalties.reduce((sum, penalty, index) => {
    const read = penalty.reads.map((own) => {
      const name = penaltyName(parameter.name, index, own);
      const value = builder.input(name, parameter.type);
      inputs.set(name, value);
      return [own, value] as const;
    });
    return add(sum, penalty.gradient(inputs.get(parameter.name)!, Object.fromEntries(read)));
  }, gradient);
}

function replicateInputs(builder: ProgramBuilder, program: Program): Map<string, Value> {
  return new Map(program.inputs.map(({ name, value }) => [name, builder.input(name, program.types[value]!)]));
}

/** Finishes a program whose outputs take over the inputs of the same name, but for those `kept`. */
function finishDonating(
  builder: ProgramBuilder,
  inputs: ReadonlyMap<string, Value>,
  outputs: Readonly<Record<string, Value>>,
  kept: ReadonlySet<string> = new Set(),
): Program {
  const places = new Map([...inputs.keys()].map((name, index) => [name, index]));
  const aliases = Object.keys(outputs).flatMap((name, output) => {
    const input = places.get(name);
    return input === undefined || kept.has(name) ? [] : [{ output, input }];
  });
  return eliminateDeadCode(builder.finish(outputs, aliases));
}
