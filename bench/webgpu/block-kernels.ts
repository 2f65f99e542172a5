import { adaptModel } from '@attune/core';
import { grad, runPasses, traceTrainingLoss } from '@attune/core/internal';
import type { Device, Program } from '@attune/ir';
import { full } from '@attune/strategies';
import { attuneModel, hostBatch, objectiveOf } from './attune-model.js';
import { batchesOf, type Task } from './task.js';

/** How many kernels a further block adds to the forward and to the backward pass of Attune's programs. */
export async function blockKernels(
  task: Task,
  device: Device,
): Promise<{ readonly blockForward: number; readonly blockBackward: number }> {
  const fewer = await passKernels(task, device);
  const more = await passKernels({ ...task, layers: task.layers + 1 }, device);
  return { blockForward: more.forward - fewer.forward, blockBackward: more.backward - fewer.backward };
}

async function passKernels(task: Task, device: Device) {
  const { model, weights } = await attuneModel(task);
  const adapted = adaptModel(model, weights, [full()], 0);
  const batch = hostBatch(task, batchesOf(task, 1)[0]!);
  const { program } = traceTrainingLoss(adapted, objectiveOf(task), batch, device.capabilities);
  const wrt = adapted.parameters.map(({ name }) => name);
  const forward = await kernelsOf(program, device);
  return { forward, backward: (await kernelsOf(grad(program, { output: 'loss', wrt }), device)) - forward };
}

async function kernelsOf(program: Program, device: Device): Promise<number> {
  using executable = await device.compile(runPasses(program, device.capabilities));
  return executable.report.kernels;
}
