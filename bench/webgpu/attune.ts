/** Attune's side: the programs of the Trainer. */

import { type ProgramTrace, webgpu } from '@attune/backend-webgpu';
import { adamw, Compiler, constantSchedule, DeviceTensors, type Optimizer, TrainingPrograms } from '@attune/core';
import { type Device, elementCount, hostTensor } from '@attune/ir';
import { attuneModel, hostBatch, objectiveOf } from './attune-model.js';
import { blockKernels } from './block-kernels.js';
import { optimizer, type Side, type Task } from './task.js';

export async function attuneSide(task: Task): Promise<Side> {
  const traces: ProgramTrace[] = [];
  const device = await webgpu({ trace: (trace) => void traces.push(trace) }).open();
  const host = { milliseconds: 0 };
  const tensors = new DeviceTensors(device);
  const adapted = attuneModel(task);
  const programs = new TrainingPrograms(
    adapted,
    objectiveOf(task),
    { seed: 0, numTrainEpochs: 1, maxGradNorm: 0, weightDecay: 0 },
    Number.MAX_SAFE_INTEGER,
    { optimizer: decayingAdamw(), schedule: constantSchedule({ learningRate: optimizer.learningRate }) },
    new Compiler(timed(device, host)),
    tensors,
  );
  for (const [name, tensor] of adapted.weights) tensors.set(name, tensor);
  for (const { name, type, initial } of programs.state)
    tensors.set(name, hostTensor(type.shape, new Float32Array(elementCount(type.shape)).fill(initial)));
  let steps = 0;
  return {
    async step(batch) {
      const { loss } = await programs.run(
        [{ tensors: hostBatch(task, batch), rows: [], indices: [], tokens: 0 }],
        steps++,
      );
      return { loss, hostMilliseconds: host.milliseconds };
    },
    async facts() {
      const { kernels } = traces.find(({ program }) => program.startsWith('train'))!;
      return {
        kernels: kernels.length,
        bytesMoved: kernels.reduce((sum, { bytes }) => sum + bytes, 0),
        peakBytes: device.memory().peakBytes,
        ...(await blockKernels(task, device)),
      };
    },
  };
}

/** AdamW whose decay is on every parameter, as on the other sides; the Trainer leaves out biases and norms. */
function decayingAdamw(): Optimizer {
  const { beta1, beta2, epsilon, weightDecay } = optimizer;
  const base = adamw({ betas: [beta1, beta2], epsilon });
  return { ...base, update: (context) => base.update({ ...context, weightDecay }) };
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
