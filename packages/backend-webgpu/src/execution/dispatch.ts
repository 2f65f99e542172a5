/** A compiled kernel with the buffers that it is bound to. */
import type { Kernel } from '../kernels/kernel.js';

/** A bound part of a buffer. */
export type Bound = GPUBufferBinding;

/** Groups of bindings that are kept: those of the two sets of buffers that take turns, and of two batches. */
const KEPT = 4;

export class Dispatch {
  readonly kernel: Kernel;
  readonly #device: GPUDevice;
  readonly #pipeline: GPUComputePipeline;
  readonly #groups: { readonly bound: readonly Bound[]; readonly group: GPUBindGroup }[] = [];

  constructor(device: GPUDevice, kernel: Kernel, pipeline: GPUComputePipeline) {
    this.kernel = kernel;
    this.#device = device;
    this.#pipeline = pipeline;
  }

  /** @param bound by binding number */
  encode(pass: GPUComputePassEncoder, bound: readonly Bound[]): void {
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, this.#groupOf(bound));
    pass.dispatchWorkgroups(...this.kernel.workgroups);
  }

  #groupOf(bound: readonly Bound[]): GPUBindGroup {
    const known = this.#groups.find((candidate) => candidate.bound.every((each, index) => isSame(each, bound[index]!)));
    if (known) return known.group;
    const group = this.#device.createBindGroup({
      layout: this.#pipeline.getBindGroupLayout(0),
      entries: bound.map((resource, binding) => ({ binding, resource })),
    });
    this.#groups.unshift({ bound, group });
    this.#groups.length = Math.min(this.#groups.length, KEPT);
    return group;
  }
}

const isSame = (a: Bound, b: Bound): boolean => a.buffer === b.buffer && a.offset === b.offset && a.size === b.size;
