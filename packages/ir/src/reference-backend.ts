/** The reference interpreter as a backend: slow, float64 between programs, and the meaning that others are tested by. */
import type { Backend, Buffer, Device, DeviceInfo, Executable, MemoryStats, Signature } from './backend.js';
import { decomposeAll } from './decompose.js';
import type { ReferenceTensor } from './definition.js';
import { AttuneError } from './errors.js';
import { fingerprint } from './fingerprint.js';
import { run, toHost, toReference } from './interpreter.js';
import type { Program } from './program.js';
import { byteLength, type DType, type HostTensor, type TensorType } from './tensor.js';
import { verify } from './verify.js';

const info: DeviceInfo = {
  backend: 'reference',
  device: 'interpreter',
  available: true,
  reason: 'always there; float64, for tests',
  versions: {},
};

const dtypes: ReadonlySet<DType> = new Set<DType>(['f32', 'f16', 'bf16', 'i32', 'u32', 'u8', 'bool']);

export function referenceBackend(): Backend {
  return {
    name: 'reference',
    probe: async () => [info],
    open: async () => new ReferenceDevice(),
  };
}

class ReferenceBuffer implements Buffer {
  readonly #device: ReferenceDevice;
  #tensor: ReferenceTensor | undefined;
  readonly type: TensorType;

  constructor(device: ReferenceDevice, tensor: ReferenceTensor) {
    this.#device = device;
    this.#tensor = tensor;
    this.type = tensor.type;
    device.track(this, 1);
  }

  get deleted(): boolean {
    return this.#tensor === undefined;
  }

  isOn(device: ReferenceDevice): boolean {
    return this.#device === device;
  }

  read(): ReferenceTensor {
    if (!this.#tensor) throw new AttuneError('E_BUFFER_DELETED', 'The buffer was donated or disposed of.');
    return this.#tensor;
  }

  [Symbol.dispose](): void {
    if (!this.#tensor) return;
    this.#tensor = undefined;
    this.#device.track(this, -1);
  }
}

class ReferenceDevice implements Device {
  readonly info = info;
  readonly capabilities = { dtypes, composites: new Set<string>(), maxBufferBytes: 2 ** 32 };
  readonly lost = new Promise<never>(() => {});
  #stats: MemoryStats = { liveBytes: 0, peakBytes: 0, bufferCount: 0 };

  track(buffer: Buffer, change: 1 | -1): void {
    const liveBytes = this.#stats.liveBytes + change * byteLength(buffer.type);
    this.#stats = {
      liveBytes,
      peakBytes: Math.max(liveBytes, this.#stats.peakBytes),
      bufferCount: this.#stats.bufferCount + change,
    };
  }

  async compile(program: Program): Promise<Executable> {
    const start = performance.now();
    const primitive = decomposeAll(verify(program));
    const donated = new Set(program.aliases.map(({ input }) => input));
    const signature: Signature = {
      inputs: program.inputs.map(({ name, value }, index) => ({
        name,
        type: program.types[value]!,
        donated: donated.has(index),
      })),
      outputs: program.outputs.map(({ name, value }) => ({ name, type: program.types[value]! })),
    };
    const report = {
      fingerprint: fingerprint(program),
      kernels: primitive.ops.length,
      compileMilliseconds: performance.now() - start,
      fallbacks: [],
    };
    return {
      signature,
      report,
      run: async (inputs) => {
        const tensors = inputs.map((input) => this.#own(input).read());
        const outputs = run(primitive, tensors);
        for (const index of donated) inputs[index]![Symbol.dispose]();
        return outputs.map((tensor) => new ReferenceBuffer(this, tensor));
      },
      [Symbol.dispose]() {},
    };
  }

  upload(tensor: HostTensor): Buffer {
    return new ReferenceBuffer(this, toReference({ type: tensor.type, data: tensor.data.slice() }));
  }

  async download(buffer: Buffer): Promise<HostTensor> {
    return toHost(this.#own(buffer).read());
  }

  memory(): MemoryStats {
    return this.#stats;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #own(buffer: Buffer): ReferenceBuffer {
    if (buffer instanceof ReferenceBuffer && buffer.isOn(this)) return buffer;
    throw new AttuneError('E_SIGNATURE', 'The buffer belongs to another device.');
  }
}
