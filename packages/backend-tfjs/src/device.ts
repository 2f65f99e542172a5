import {
  AttuneError,
  type Buffer,
  type Capabilities,
  type Device,
  type DeviceInfo,
  type Executable,
  type HostTensor,
  type MemoryStats,
  type Program,
  verify,
} from '@attune/ir';
import { fingerprint } from '@attune/ir/internal';
import { TfjsBuffer } from './buffer.js';
import { supportedDTypes } from './dtypes.js';
import { nativeComposites } from './emitters/composites.js';
import { TfjsExecutable } from './executable.js';
import { lower } from './lowering/lower.js';
import type { Plan } from './lowering/plan.js';
import { MemoryLedger } from './memory-ledger.js';
import type { Runtime } from './runtime.js';
import { fromTensor, toValue } from './value.js';

export class TfjsDevice implements Device {
  readonly info: DeviceInfo;
  readonly capabilities: Capabilities = {
    dtypes: supportedDTypes,
    composites: nativeComposites,
    maxBufferBytes: 2 ** 31 - 1,
  };
  readonly lost = new Promise<never>(() => {});
  readonly #runtime: Runtime;
  readonly #ledger = new MemoryLedger();

  constructor(runtime: Runtime, info: DeviceInfo) {
    this.info = info;
    this.#runtime = runtime;
  }

  async compile(program: Program): Promise<Executable> {
    const start = performance.now();
    const runtime = this.#runtime;
    requireDTypes(verify(program));
    const plan = lower(program, runtime.target);
    requireKernels(runtime, plan);
    const report = {
      fingerprint: fingerprint(program),
      kernels: plan.steps.length,
      compileMilliseconds: performance.now() - start,
      fallbacks: runtime.isAccelerator ? hostWork(plan) : [],
    };
    return new TfjsExecutable({ runtime, ledger: this.#ledger, program, plan, report });
  }

  upload(tensor: HostTensor): Buffer {
    const copy = { type: tensor.type, data: tensor.data.slice() };
    return new TfjsBuffer(this.#ledger, tensor.type, toValue(this.#runtime, copy));
  }

  async download(buffer: Buffer): Promise<HostTensor> {
    if (!(buffer instanceof TfjsBuffer && buffer.isOf(this.#ledger))) {
      throw new AttuneError('E_SIGNATURE', 'The buffer belongs to another device.');
    }
    const { value, type } = buffer;
    return value.place === 'device' ? fromTensor(value.tensor) : { type, data: value.tensor.data.slice() };
  }

  memory(): MemoryStats {
    return this.#ledger.stats();
  }

  /** Leaves TensorFlow.js as it is: it is one for the whole process, and others may use it. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

/** @throws AttuneError `E_UNSUPPORTED_PROGRAM` that lists every dtype that is neither TensorFlow.js' nor the host's */
function requireDTypes({ name, types }: Program): void {
  const missing = new Set(types.map(({ dtype }) => dtype).filter((dtype) => !supportedDTypes.has(dtype)));
  if (missing.size > 0) {
    throw new AttuneError(
      'E_UNSUPPORTED_PROGRAM',
      `"${name}" uses ${[...missing].join(' and ')}, which the TensorFlow.js backend lacks.`,
    );
  }
}

/** @throws AttuneError `E_UNSUPPORTED_PROGRAM` that lists every kernel that the flavour lacks */
function requireKernels({ core, backendName, flavour }: Runtime, { name, steps }: Plan): void {
  const kernels = new Set(steps.flatMap((step) => (step.kind === 'kernel' ? [step.kernel] : [])));
  const missing = [...kernels].filter((kernel) => !core.getKernel(kernel, backendName));
  if (missing.length > 0) {
    throw new AttuneError(
      'E_UNSUPPORTED_PROGRAM',
      `"${name}" needs ${missing.join(', ')}, which TensorFlow.js lacks on ${flavour}.`,
      { hint: 'Open another flavour, for instance tfjs({ flavour: "cpu" }).' },
    );
  }
}

/** What runs in JavaScript, by name. */
const hostWork = ({ steps }: Plan): readonly string[] => [
  ...new Set(steps.flatMap((step) => (step.kind === 'host' ? [step.name] : []))),
];
