import {
  AttuneError,
  type Buffer,
  type Capabilities,
  type Device,
  type DeviceInfo,
  type DType,
  type Executable,
  type HostTensor,
  linearCrossEntropyDefinition,
  linearCrossEntropyGradientDefinition,
  type MemoryStats,
  type Program,
  quantizedMatmulDefinition,
  recurrentNames,
  type UploadOptions,
  verify,
} from '@attune/ir';
import { fingerprint } from '@attune/ir/internal';
import { allocate, borrow, OnnxBuffer } from './buffer.js';
import { nativeComposites } from './emitters/composites.js';
import { OnnxExecutable } from './executable.js';
import { lower } from './lowering/lower.js';
import { isOnnxDType, type Runtime } from './runtime.js';
import { runtimeError } from './runtime-error.js';
import { StoragePool } from './storage-pool.js';
import { SEQUENCE_OUTPUT } from './unconverted-results.js';

/** 1 MiB: the dozen tensors of an update's tile fit into a cache of the second or third level. */
const TILE_ELEMENTS = 2 ** 18;

const inLoops: readonly string[] = [
  quantizedMatmulDefinition.name,
  linearCrossEntropyDefinition.name,
  linearCrossEntropyGradientDefinition.name,
];

export class OnnxDevice implements Device {
  readonly info: DeviceInfo;
  readonly capabilities: Capabilities = {
    dtypes: new Set<DType>(['f32', 'i32', 'u32', 'u8', 'bool']),
    composites: new Set([...nativeComposites, ...recurrentNames, ...inLoops]),
    maxBufferBytes: 2 ** 31 - 1,
  };
  /** The CPU does not go away. */
  readonly lost = new Promise<never>(() => {});
  readonly #runtime: Runtime;
  readonly #pool: StoragePool;
  #programs = 0;

  constructor(runtime: Runtime, info: DeviceInfo) {
    this.info = info;
    this.#runtime = runtime;
    this.#pool = new StoragePool((type) => allocate(runtime, type));
  }

  async compile(program: Program): Promise<Executable> {
    const start = performance.now();
    checkDTypes(verify(program));
    const { writesInPlace, leavesResults } = this.#runtime;
    const graph = lower(program, {
      loops: true,
      turnsFewRows: true,
      ...(writesInPlace ? { tileElements: TILE_ELEMENTS } : {}),
    });
    const { encodeModel } = await import('./lowering/model.js');
    const model = encodeModel(graph, leavesResults ? { sequenceOutput: SEQUENCE_OUTPUT } : {});
    // What sessions keep adds up. Later programs are other lengths and evaluation; they give back what they used.
    const session = await this.#runtime
      .createSession(model, { keepsMemory: this.#programs++ === 0 })
      .catch((cause: unknown) => {
        throw runtimeError(cause);
      });
    const report = {
      fingerprint: fingerprint(program),
      kernels: graph.nodes.length,
      compileMilliseconds: performance.now() - start,
      fallbacks: [],
    };
    return new OnnxExecutable({ runtime: this.#runtime, session, graph, program, pool: this.#pool, report });
  }

  upload(tensor: HostTensor, { isConstant = false }: UploadOptions = {}): Buffer {
    if (isConstant && this.#runtime.writesInPlace) return borrow(this.#runtime, this.#pool, tensor);
    const buffer = new OnnxBuffer(this.#pool, tensor.type);
    buffer.data.set(tensor.data);
    return buffer;
  }

  async download(buffer: Buffer): Promise<HostTensor> {
    if (!(buffer instanceof OnnxBuffer)) throw new AttuneError('E_SIGNATURE', 'The buffer belongs to another device.');
    return { type: buffer.type, data: buffer.data.slice() };
  }

  memory(): MemoryStats {
    return this.#pool.stats();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pool.clear();
  }
}

/** @throws AttuneError `E_UNSUPPORTED_PROGRAM` that lists every dtype that ONNX Runtime's tensors lack. */
function checkDTypes({ name, types }: Program): void {
  const missing = [...new Set(types.map(({ dtype }) => dtype))].filter((dtype) => !isOnnxDType(dtype));
  if (missing.length > 0) {
    throw new AttuneError(
      'E_UNSUPPORTED_PROGRAM',
      `"${name}" uses ${missing.join(' and ')}, which the ONNX backend lacks.`,
    );
  }
}
