import {
  AttuneError,
  type Backend,
  type Buffer,
  type Device,
  type Executable,
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

  /** Gives the outputs, each by its name. @throws AttuneError `E_SIGNATURE` for an input or output that is missing */
  async run(inputs: Readonly<Record<string, Float32Array>>): Promise<(name: string) => Float32Array> {
    const { signature } = this.#executable;
    const held: Buffer[] = [];
    try {
      for (const { name, type } of signature.inputs) {
        const data = inputs[name];
        if (!data) throw new AttuneError('E_SIGNATURE', `The input ${name} is missing.`, { field: name });
        held.push(this.#device.upload(hostTensor(type.shape, data)));
      }
      const results = await this.#executable.run([...held]);
      held.push(...results);
      const found = new Map<string, Float32Array>();
      for (const [index, { name }] of signature.outputs.entries()) {
        const { data } = await this.#device.download(results[index]!);
        if (data instanceof Float32Array) found.set(name, data);
      }
      return (name) => {
        const data = found.get(name);
        if (data) return data;
        throw new AttuneError('E_SIGNATURE', `The program has no output ${name} of float32.`, { field: name });
      };
    } finally {
      for (const buffer of held) buffer[Symbol.dispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#executable[Symbol.dispose]();
    await this.#device[Symbol.asyncDispose]();
  }
}
