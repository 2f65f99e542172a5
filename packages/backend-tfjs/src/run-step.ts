import type { HostTensor } from '@attune/ir';
import type { NamedTensorMap } from '@tensorflow/tfjs-core';
import type { Step } from './lowering/plan.js';
import type { Runtime, Tensor } from './runtime.js';
import { select } from './select-backend.js';
import { type DeviceValue, fromTensor, onDevice, onHost, toTensor } from './value.js';

/** Runs one step on the selected backend; a download waits for the device. */
export function runStep(
  runtime: Runtime,
  step: Step,
  operands: readonly DeviceValue[],
): readonly DeviceValue[] | Promise<readonly DeviceValue[]> {
  const { core } = runtime;
  switch (step.kind) {
    case 'kernel': {
      const inputs: NamedTensorMap = {};
      for (const [index, name] of step.names.entries()) inputs[name] = tensorOf(operands[index]!);
      const results: Tensor | Tensor[] = core.engine().runKernel(step.kernel, inputs, step.attributes);
      return [results].flat().map(onDevice);
    }
    case 'concat':
      return [onDevice(core.concat(operands.map(tensorOf), step.axis))];
    case 'native':
      if (!runtime.execute) throw new TypeError(`${step.operator} needs native TensorFlow`);
      return [onDevice(runtime.execute(step.operator, step.attributes, operands.map(tensorOf)))];
    case 'host':
      return step.run(operands.map(arrayOf)).map(onHost);
    case 'upload':
      return [onDevice(toTensor(runtime, arrayOf(operands[0]!)))];
    case 'download':
      return download(runtime, tensorOf(operands[0]!));
  }
}

async function download(runtime: Runtime, tensor: Tensor): Promise<readonly DeviceValue[]> {
  const host = await fromTensor(tensor);
  select(runtime);
  return [onHost(host)];
}

function tensorOf(value: DeviceValue): Tensor {
  if (value.place === 'device') return value.tensor;
  throw new TypeError('the value lies on the host');
}

function arrayOf(value: DeviceValue): HostTensor {
  if (value.place === 'host') return value.tensor;
  throw new TypeError('the value lies on the device');
}
