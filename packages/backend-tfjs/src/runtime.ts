/** What an opened flavour of TensorFlow.js offers to the device. */
import type * as core from '@tensorflow/tfjs-core';
import type { NativeAttribute, Target } from './lowering/plan.js';

export type Core = typeof core;
export type Tensor = core.Tensor;

/** The flavours, in the order in which they are tried. */
export const flavourNames = ['node-gpu', 'node', 'webgpu', 'webgl', 'wasm', 'cpu'] as const;

export type FlavourName = (typeof flavourNames)[number];

export interface Runtime {
  readonly flavour: FlavourName;
  /** TensorFlow.js' own name of the backend. */
  readonly backendName: string;
  /** `cuda`, `cpu`, `webgpu`, `webgl`, `wasm` or `javascript`. */
  readonly device: string;
  /** Whether the device's memory is not the host's, so that work of the host is elsewhere. */
  readonly isAccelerator: boolean;
  /** What plans for it may use. */
  readonly target: Target;
  readonly versions: Readonly<Record<string, string>>;
  readonly core: Core;
  readonly backend: core.KernelBackend;
  /** Runs an operator of TensorFlow itself that has one result; absent where TensorFlow is not native. */
  readonly execute?: (operator: string, attributes: readonly NativeAttribute[], inputs: readonly Tensor[]) => Tensor;
}
