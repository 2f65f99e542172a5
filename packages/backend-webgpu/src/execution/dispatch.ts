/** A compiled kernel. */
import type { Kernel } from '../kernels/kernel.js';

/** A bound part of a buffer. */
export type Bound = GPUBufferBinding;

export class Dispatch {
  readonly kernel: Kernel;
  readonly #device: GPUDevice;
  readonly #pipeline: GPUComputePipeline;

  constructor(device: GPUDevice, kernel: Kernel, pipeline: GPUComputePipeline) {
    this.kernel = kernel;
    this.#device = device;
    this.#pipeline = pipeline;
  }

  /** @param bound by binding number */
  bind(bound: readonly Bound[]): GPUBindGroup {
    return this.#device.createBindGroup({
      layout: this.#pipeline.getBindGroupLayout(0),
      entries: bound.map((resource, binding) => ({ binding, resource })),
    });
  }

  encode(pass: GPUComputePassEncoder, group: GPUBindGroup): void {
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...this.kernel.workgroups);
  }
}
