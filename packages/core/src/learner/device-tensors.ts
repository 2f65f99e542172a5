import { AttuneError, type Buffer, type Device, type HostTensor, type UploadOptions } from '@attune/ir';
import type { CompiledProgram } from './compiler.js';
import { requireIndices } from './index-limits.js';

/** Named tensors that stay on the device between runs: parameters, optimizer state, accumulators. */
export class DeviceTensors implements Disposable {
  readonly #device: Device;
  readonly #buffers = new Map<string, Buffer>();

  constructor(device: Device) {
    this.#device = device;
  }

  has(name: string): boolean {
    return this.#buffers.has(name);
  }

  set(name: string, tensor: HostTensor, options?: UploadOptions): void {
    this.#buffers.get(name)?.[Symbol.dispose]();
    this.#buffers.set(name, this.#device.upload(tensor, options));
  }

  delete(name: string): void {
    this.#buffers.get(name)?.[Symbol.dispose]();
    this.#buffers.delete(name);
  }

  async download(name: string): Promise<HostTensor> {
    const buffer = this.#buffers.get(name);
    if (!buffer) throw new AttuneError('E_PROGRAM', `There is no tensor "${name}" on the device.`, { field: name });
    return this.#device.download(buffer);
  }

  /**
   * Runs a program on these tensors and on `given`. Outputs named like a tensor here replace it; the others are
   * downloaded and returned by name.
   * @param nameOf the tensor here that an input or output stands for; its own name by default
   * @throws AttuneError `E_DATA` for indices beyond their table, before anything is uploaded
   */
  async run(
    { executable, inputs, outputs, indexLimits }: CompiledProgram,
    given: ReadonlyMap<string, HostTensor>,
    nameOf: (port: string) => string = (port) => port,
  ): Promise<ReadonlyMap<string, HostTensor>> {
    for (const [name, limit] of indexLimits) {
      const tensor = given.get(name);
      if (tensor) requireIndices(name, tensor, limit);
    }
    const uploaded: Buffer[] = [];
    const buffers = inputs.map((name) => {
      const own = this.#buffers.get(nameOf(name));
      if (own) return own;
      const tensor = given.get(name);
      if (!tensor) throw new AttuneError('E_PROGRAM', `Nothing was given for the input "${name}".`, { field: name });
      const buffer = this.#device.upload(tensor);
      uploaded.push(buffer);
      return buffer;
    });
    const results = new Map<string, HostTensor>();
    try {
      const produced = await executable.run(buffers);
      for (const [index, name] of outputs.entries()) {
        const buffer = produced[index]!;
        const own = nameOf(name);
        if (this.#buffers.has(own)) {
          this.#buffers.get(own)?.[Symbol.dispose]();
          this.#buffers.set(own, buffer);
        } else {
          results.set(name, await this.#device.download(buffer));
          buffer[Symbol.dispose]();
        }
      }
    } finally {
      for (const buffer of uploaded) buffer[Symbol.dispose]();
    }
    return results;
  }

  [Symbol.dispose](): void {
    for (const buffer of this.#buffers.values()) buffer[Symbol.dispose]();
    this.#buffers.clear();
  }
}
