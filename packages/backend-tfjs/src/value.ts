/** A value at run time: a tensor of TensorFlow.js, or a typed array where TensorFlow.js lacks the dtype. */
import { type HostTensor, hostTensor } from '@attune/ir';
import { deviceTypes, dtypeOf, isDeviceDType } from './dtypes.js';
import type { Runtime, Tensor } from './runtime.js';

export type DeviceValue =
  | { readonly place: 'device'; readonly tensor: Tensor }
  | { readonly place: 'host'; readonly tensor: HostTensor };

export const onDevice = (tensor: Tensor): DeviceValue => ({ place: 'device', tensor });
export const onHost = (tensor: HostTensor): DeviceValue => ({ place: 'host', tensor });

/** A value from an array that does not change any more. */
export const toValue = (runtime: Runtime, tensor: HostTensor): DeviceValue =>
  isDeviceDType(tensor.type.dtype) ? onDevice(toTensor(runtime, tensor)) : onHost(tensor);

/** A tensor of TensorFlow.js, which may go on using the array that it is given. */
export function toTensor({ core, backend }: Runtime, { type: { shape, dtype }, data }: HostTensor): Tensor {
  if (!isDeviceDType(dtype) || data instanceof Uint16Array || data instanceof Uint32Array) {
    throw new TypeError(`TensorFlow.js has no ${dtype}`);
  }
  return core.engine().makeTensor(data, [...shape], deviceTypes[dtype], backend);
}

/** Waits for the device and copies. */
export async function fromTensor(tensor: Tensor): Promise<HostTensor> {
  const data = await tensor.data();
  return hostTensor(tensor.shape, data.slice(), dtypeOf(tensor.dtype));
}
