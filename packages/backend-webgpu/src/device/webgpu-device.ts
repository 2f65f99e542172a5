import {
  AttuneError,
  type Buffer,
  byteLength,
  type Capabilities,
  type CompileOptions,
  type Device,
  type DeviceInfo,
  type DeviceLostInfo,
  type DType,
  type HostTensor,
  type MemoryStats,
  type Program,
  type Signature,
  verify,
} from '@attune/ir';
import { fingerprint } from '@attune/ir/internal';
import { claimedComposites } from '../decompositions/composites.js';
import { WebgpuExecutable } from '../execution/executable.js';
import { Pipelines } from '../execution/pipelines.js';
import type { ProgramTrace } from '../execution/trace.js';
import type { Tracer } from '../execution/tracer.js';
import { WebgpuBuffer } from '../memory/buffer.js';
import { BufferPool } from '../memory/buffer-pool.js';
import { Downloads, writeTensor } from '../memory/transfer.js';
import { type Schedule, schedule } from '../schedule/schedule.js';
import { segmentBytes, type Tuning, windowBytes } from '../schedule/tuning.js';
import { DeviceErrors } from './device-errors.js';

export class WebgpuDevice implements Device {
  readonly info: DeviceInfo;
  readonly capabilities: Capabilities;
  readonly lost: Promise<DeviceLostInfo>;
  readonly #device: GPUDevice;
  readonly #tuning: Tuning;
  readonly #trace: ((trace: ProgramTrace) => void) | undefined;
  readonly #errors: DeviceErrors;
  readonly #pool: BufferPool;
  readonly #pipelines: Pipelines;
  readonly #downloads: Downloads;

  /** @param trace takes what the kernels of a program did, after its first run */
  constructor(device: GPUDevice, info: DeviceInfo, tuning: Tuning, trace?: (trace: ProgramTrace) => void) {
    this.#tuning = tuning;
    this.#trace = trace;
    this.#device = device;
    this.info = info;
    this.#errors = new DeviceErrors(device);
    this.lost = this.#errors.lost;
    this.#pool = new BufferPool(device, this.#errors, segmentBytes(tuning));
    this.#pipelines = new Pipelines(device);
    this.#downloads = new Downloads(device);
    this.capabilities = {
      dtypes: new Set<DType>(['f32', 'f16', 'bf16', 'i32', 'u32', 'u8', 'bool']),
      composites: claimedComposites,
      // What one kernel can bind.
      maxBufferBytes: tuning.maxBindings * windowBytes(tuning),
    };
  }

  async compile(program: Program, { signal }: CompileOptions = {}): Promise<WebgpuExecutable> {
    const start = performance.now();
    this.#errors.check();
    const planned = schedule(verify(program), { tuning: this.#tuning });
    const pipelines = await Promise.all(planned.kernels.map(({ code, label }) => this.#pipelines.get(code, label)));
    signal?.throwIfAborted();
    const tracer = await this.#tracerOf(planned);
    const report = {
      fingerprint: fingerprint(program),
      kernels: planned.kernels.length,
      compileMilliseconds: performance.now() - start,
      fallbacks: [],
    };
    const [device, pool, errors] = [this.#device, this.#pool, this.#errors];
    return new WebgpuExecutable({
      device,
      pool,
      errors,
      schedule: planned,
      pipelines,
      signature: signatureOf(program),
      report,
      tracer,
    });
  }

  async #tracerOf(planned: Schedule): Promise<Tracer | undefined> {
    if (!this.#trace) return undefined;
    const { Tracer } = await import('../execution/tracer.js');
    return new Tracer(this.#device, planned, this.#trace);
  }

  upload(tensor: HostTensor): Buffer {
    this.#errors.check();
    const memory = this.#pool.take(byteLength(tensor.type));
    writeTensor(this.#device, memory, tensor);
    return new WebgpuBuffer(this.#pool, tensor.type, memory);
  }

  async download(buffer: Buffer): Promise<HostTensor> {
    if (!(buffer instanceof WebgpuBuffer) || !buffer.isOf(this.#pool)) {
      throw new AttuneError('E_SIGNATURE', 'The buffer belongs to another device.');
    }
    const [outcome] = await Promise.allSettled([this.#downloads.read(buffer.memory, buffer.type)]);
    await this.#errors.settle();
    if (outcome.status === 'fulfilled') return outcome.value;
    throw await this.#errors.afterFailure(outcome.reason);
  }

  memory(): MemoryStats {
    return this.#pool.stats();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#downloads.clear();
    this.#pool.trim();
    this.#device.destroy();
  }
}

function signatureOf({ inputs, outputs, types, aliases }: Program): Signature {
  return {
    inputs: inputs.map(({ name, value }, index) => ({
      name,
      type: types[value]!,
      donated: aliases.some(({ input }) => input === index),
    })),
    outputs: outputs.map(({ name, value }) => ({ name, type: types[value]! })),
  };
}
