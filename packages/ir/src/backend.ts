/**
 * The contract between Attune and what computes. A backend sees whole programs, compiles each once and runs it on
 * buffers that stay on the device. `download` is the only point that waits for the device.
 */
import type { Program } from './program.js';
import type { DType, HostTensor, TensorType } from './tensor.js';

export interface Backend {
  readonly name: string;
  /** What could be opened here, best first; never throws for what is absent. */
  probe(): Promise<readonly DeviceInfo[]>;
  /** @throws AttuneError `E_BACKEND_UNAVAILABLE` with the command that installs what is missing. */
  open(options?: OpenOptions): Promise<Device>;
}

export interface OpenOptions {
  readonly signal?: AbortSignal;
}

/** What really runs. */
export interface DeviceInfo {
  readonly backend: string;
  /** For instance `cpu`, `wasm`, `cuda`. */
  readonly device: string;
  readonly available: boolean;
  /** Why it is not available, or how it was chosen. */
  readonly reason: string;
  readonly versions: Readonly<Record<string, string>>;
}

export interface Capabilities {
  readonly dtypes: ReadonlySet<DType>;
  /** Names of the composites that the device runs natively; all others are decomposed by `legalize`. */
  readonly composites: ReadonlySet<string>;
  /** Largest single tensor in bytes. */
  readonly maxBufferBytes: number;
}

export interface CompileOptions {
  readonly signal?: AbortSignal;
}

export interface UploadOptions {
  /** Whether the tensor's numbers stay as they are while the buffer is there, and nobody donates it; false by default. */
  readonly isConstant?: boolean;
}

export interface Device extends AsyncDisposable {
  readonly info: DeviceInfo;
  readonly capabilities: Capabilities;
  /** @throws AttuneError `E_UNSUPPORTED_PROGRAM` that lists all gaps at once. */
  compile(program: Program, options?: CompileOptions): Promise<Executable>;
  /** Copies a tensor to the device. A host device may read one in place that does not change. */
  upload(tensor: HostTensor, options?: UploadOptions): Buffer;
  /** Waits for the device and copies the buffer back; deferred device errors surface here. */
  download(buffer: Buffer): Promise<HostTensor>;
  memory(): MemoryStats;
  /** Settles if the device goes away; pending for ever on devices that cannot. */
  readonly lost: Promise<DeviceLostInfo>;
}

export interface DeviceLostInfo {
  readonly reason: string;
}

export interface MemoryStats {
  readonly liveBytes: number;
  readonly peakBytes: number;
  readonly bufferCount: number;
}

export interface Signature {
  readonly inputs: readonly { readonly name: string; readonly type: TensorType; readonly donated: boolean }[];
  readonly outputs: readonly { readonly name: string; readonly type: TensorType }[];
}

export interface CompileReport {
  readonly fingerprint: string;
  /** Number of kernels or nodes that one run executes. */
  readonly kernels: number;
  readonly compileMilliseconds: number;
  /** Ops that run elsewhere than the device was opened for; empty unless the user opted in. */
  readonly fallbacks: readonly string[];
}

export interface Executable extends Disposable {
  readonly signature: Signature;
  readonly report: CompileReport;
  /**
   * Runs the program. Donated inputs are deleted by it; passing a deleted buffer throws AttuneError `E_BUFFER_DELETED`.
   * @throws AttuneError `E_SIGNATURE` where number or types of the inputs differ from the signature.
   */
  run(inputs: readonly Buffer[]): Promise<readonly Buffer[]>;
}

/** A tensor on a device. Disposing frees it; disposing twice is harmless. */
export interface Buffer extends Disposable {
  readonly type: TensorType;
  readonly deleted: boolean;
}
