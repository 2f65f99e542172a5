import {
  AttuneError,
  type Backend,
  type Device,
  type Executable,
  type HostTensor,
  hostTensor,
  type Program,
} from '@attune/ir';

/** A compiled program that is run from the host and back, input by input in the program's order. */
export class RowProgram implements AsyncDisposable {
  readonly #device: Device;
  readonly #executable: Executable;

  private constructor(device: Device, executable: Executable) {
    this.#device = device;
    this.#executable = executable;
  }

  static async open(backend: Backend, program: Program, signal?: AbortSignal): Promise<RowProgram> {
    const options = signal === undefined ? {} : { signal };
    const device = await backend.open(options);
    try {
      return new RowProgram(device, await device.compile(program, options));
    } catch (error) {
      await device[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** @throws AttuneError `E_SIGNATURE` for an input that is missing */
  async run<Name extends string>(
    inputs: Readonly<Record<string, Float32Array>>,
    outputs: readonly Name[],
  ): Promise<Readonly<Record<Name, HostTensor['data']>>> {
    const { signature } = this.#executable;
    const buffers = signature.inputs.map(({ name, type }) => {
      const data = inputs[name];
      if (!data) throw new AttuneError('E_SIGNATURE', `The input ${name} is missing.`, { field: name });
      return this.#device.upload(hostTensor(type.shape, data));
    });
    const results = await this.#executable.run(buffers);
    const found = new Map<string, HostTensor['data']>();
    for (const [index, { name }] of signature.outputs.entries()) {
      const result = results[index]!;
      found.set(name, (await this.#device.download(result)).data);
      result[Symbol.dispose]();
    }
    for (const buffer of buffers) buffer[Symbol.dispose]();
    return Object.fromEntries(outputs.map((name) => [name, found.get(name)!])) as Record<Name, HostTensor['data']>;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#executable[Symbol.dispose]();
    await this.#device[Symbol.asyncDispose]();
  }
}
