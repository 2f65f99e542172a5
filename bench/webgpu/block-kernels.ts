import { type AdaptedModel, fuse, grad, runPass, runPasses, traceLoss, unfuse } from '@attune/core';
import type { Device, Program } from '@attune/ir';
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
  const adapted = attuneModel(task);
  const loss = lossProgram(task, adapted, device);
  const wrt = adapted.parameters.map(({ name }) => name);
  const forward = await kernelsOf(loss, device);
  return { forward, backward: (await kernelsOf(grad(loss, { output: 'loss', wrt }), device)) - forward };
}

/** The loss as the Trainer differentiates it. */
function lossProgram(task: Task, { model }: AdaptedModel, { capabilities }: Device): Program {
  const tensors = hostBatch(task, batchesOf(task, 1)[0]!);
  const batch = Object.fromEntries(Object.entries(tensors).map(([name, { type }]) => [name, type]));
  const { program } = traceLoss({ model, objective: objectiveOf(task), batch, training: true });
  const loss = { ...program, outputs: program.outputs.filter(({ name }) => name === 'loss') };
  const differentiated = { differentiated: true };
  const narrowed = runPass('narrow', unfuse(loss, capabilities, differentiated), capabilities);
  return fuse(narrowed, capabilities, differentiated);
}

async function kernelsOf(program: Program, device: Device): Promise<number> {
  using executable = await device.compile(runPasses(program, device.capabilities));
  return executable.report.kernels;
}
