/** The part of tfjs-node's backend that goes beyond a backend of TensorFlow.js. */
import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import type { NativeAttribute } from '../lowering/plan.js';
import type { Tensor } from '../runtime.js';

interface OperatorAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number;
}

export interface NativeBackend extends KernelBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: {
    readonly TF_Version: string;
    readonly TF_ATTR_TYPE: number;
    readonly TF_ATTR_BOOL: number;
  };
  getDTypeInteger(dtype: NativeType): number;
  executeSingleOutput(name: string, attributes: OperatorAttribute[], inputs: TensorInfo[]): Tensor;
}

type NativeType = Extract<NativeAttribute, { readonly kind: 'type' }>['value'];

export const isNativeBackend = (backend: KernelBackend | undefined): backend is NativeBackend =>
  backend !== undefined && 'executeSingleOutput' in backend && 'isUsingGpuDevice' in backend;

/** Runs an operator of TensorFlow with one result. */
export function executeOperator(
  backend: NativeBackend,
  operator: string,
  attributes: readonly NativeAttribute[],
  inputs: readonly Tensor[],
): Tensor {
  const { TF_ATTR_TYPE, TF_ATTR_BOOL } = backend.binding;
  const own = attributes.map((attribute): OperatorAttribute => {
    const { name } = attribute;
    return attribute.kind === 'type'
      ? { name, type: TF_ATTR_TYPE, value: backend.getDTypeInteger(attribute.value) }
      : { name, type: TF_ATTR_BOOL, value: attribute.value };
  });
  return backend.executeSingleOutput(operator, own, [...inputs]);
}
