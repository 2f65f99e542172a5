import { type Backend, type DeviceInfo, isAttuneError } from '@attune/ir';
import { OnnxDevice } from './device.js';
import { nodeRuntime } from './node-runtime.js';
import type { Runtime } from './runtime.js';
import { webRuntime } from './web-runtime.js';

export interface OnnxOptions {
  /** `node` is onnxruntime-node, `web` onnxruntime-web. By default `node` in Node, `web` elsewhere. */
  readonly runtime?: 'node' | 'web';
  /** Threads of one run; all cores by default. Browsers have one thread unless the page is cross-origin isolated. */
  readonly threads?: number;
  /** Where the .wasm files of onnxruntime-web lie. */
  readonly wasmPaths?: string;
}

/**
 * Trains and runs programs on stock ONNX Runtime. In Node, a run occupies the calling thread; where an event loop has
 * to stay responsive, train in a worker, which needs `ORT_DISABLE_TELEMETRY=1` from the main thread.
 */
export function onnx(options: OnnxOptions = {}): Backend {
  return {
    name: 'onnx',
    async probe() {
      try {
        return [describe(await loadRuntime(options))];
      } catch (error) {
        const reason = isAttuneError(error) ? `${error.message} ${error.hint ?? ''}`.trim() : String(error);
        return [{ backend: 'onnx', device: 'cpu', available: false, reason, versions: {} }];
      }
    },
    async open({ signal } = {}) {
      signal?.throwIfAborted();
      const runtime = await loadRuntime(options);
      return new OnnxDevice(runtime, describe(runtime));
    },
  };
}

function loadRuntime({ runtime, threads, wasmPaths }: OnnxOptions): Promise<Runtime> {
  const node = runtime ? runtime === 'node' : globalThis.process?.versions?.node !== undefined;
  if (node) return nodeRuntime(threads);
  return webRuntime({
    ...(threads === undefined ? {} : { threads }),
    ...(wasmPaths === undefined ? {} : { wasmPaths }),
  });
}

function describe({ packageName, version, device, threads }: Runtime): DeviceInfo {
  return {
    backend: 'onnx',
    device,
    available: true,
    reason: `${packageName} on ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    versions: { [packageName]: version },
  };
}
