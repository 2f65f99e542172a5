/** Attune's side: the programs of the Trainer. */

import { type ProgramTrace, webgpu } from '@attune/backend-webgpu';
import { Learner } from '@attune/core';
import type { Device } from '@attune/ir';
import { full } from '@attune/strategies';
import { attuneModel, hostBatch, objectiveOf } from './attune-model.js';
import { blockKernels } from './block-kernels.js';
import { optimizer, type Side, type Task } from './task.js';

export async function attuneSide(task: Task): Promise<Side> {
  const traces: ProgramTrace[] = [];
  const host = { milliseconds: 0 };
  const backend = webgpu({ trace: (trace) => void traces.push(trace) });
  const { model, weights } = await attuneModel(task);
  const { beta1, beta2, epsilon, weightDecay, learningRate } = optimizer;
  const learner = await Learner.open({
    model: { model, weights, objective: objectiveOf(task) },
    strategy: full(),
    backend: { ...backend, open: async () => timed(await backend.open(), host) },
    learningRate,
    adamBeta1: beta1,
    adamBeta2: beta2,
    adamEpsilon: epsilon,
    weightDecay,
    // As on the other sides.
    decays: () => true,
    maxGradNorm: 0,
  });
  return {
    async step(batch) {
      const { loss } = await learner.step([{ tensors: hostBatch(task, batch) }]);
      return { loss, hostMilliseconds: host.milliseconds };
    },
    async facts() {
      const { kernels } = traces.find(({ program }) => program.startsWith('train'))!;
      return {
        kernels: kernels.length,
        bytesMoved: kernels.reduce((sum, { bytes }) => sum + bytes, 0),
        peakBytes: learner.device.memory().peakBytes,
        ...(await blockKernels(task, learner.device)),
      };
    },
  };
}

/** The device, whose programs leave how long a run keeps JavaScript before it is submitted. */
const timed = (device: Device, host: { milliseconds: number }): Device => ({
  info: device.info,
  capabilities: device.capabilities,
  lost: device.lost,
  upload: (tensor) => device.upload(tensor),
  download: (buffer) => device.download(buffer),
  memory: () => device.memory(),
  [Symbol.asyncDispose]: () => device[Symbol.asyncDispose](),
  async compile(program, options) {
    const executable = await device.compile(program, options);
    return {
      signature: executable.signature,
      report: executable.report,
      [Symbol.dispose]: () => executable[Symbol.dispose](),
      run(inputs) {
        const start = performance.now();
        const outputs = executable.run(inputs);
        host.milliseconds = performance.now() - start;
        return outputs;
      },
    };
  },
});
