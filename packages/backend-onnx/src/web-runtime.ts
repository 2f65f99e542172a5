/** onnxruntime-web: WebAssembly with SIMD, and with threads where the page is cross-origin isolated. */
import { AttuneError } from '@attune/ir';
import { type Runtime, runtimeType } from './runtime.js';

export interface WebRuntimeOptions {
  readonly threads?: number;
  /** Where the .wasm files lie; the runtime's own default where absent. */
  readonly wasmPaths?: string;
}

/** @throws AttuneError `E_BACKEND_UNAVAILABLE` where the package is not installed or does not load. */
export async function webRuntime({ threads, wasmPaths }: WebRuntimeOptions = {}): Promise<Runtime> {
  const { env, InferenceSession, Tensor } = await load();
  const isolated = globalThis.crossOriginIsolated === true;
  const count = isolated ? (threads ?? Math.min(8, globalThis.navigator?.hardwareConcurrency ?? 1)) : 1;
  env.wasm.numThreads = count;
  if (wasmPaths !== undefined) env.wasm.wasmPaths = wasmPaths;
  return {
    packageName: 'onnxruntime-web',
    version: env.versions.web ?? 'unknown',
    device: 'wasm',
    writesInPlace: false,
    leavesResults: false,
    threads: count,
    createSession: (model) =>
      InferenceSession.create(model, {
        executionProviders: ['wasm'],
        logSeverityLevel: 3,
        extra: { session: { set_denormal_as_zero: '1' } },
      }),
    createTensor: (dtype, data, shape) => new Tensor(runtimeType[dtype], data, shape),
  };
}

async function load(): Promise<typeof import('onnxruntime-web')> {
  try {
    return await import('onnxruntime-web');
  } catch (cause) {
    throw new AttuneError('E_BACKEND_UNAVAILABLE', 'The package onnxruntime-web cannot be loaded.', {
      field: 'onnxruntime-web',
      hint: 'npm install onnxruntime-web@1.30',
      cause,
    });
  }
}
