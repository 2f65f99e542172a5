/** onnxruntime-node, on the CPU. */
import { AttuneError } from '@attune/ir';
import { type Runtime, runtimeType } from './runtime.js';
import { disableTelemetry } from './telemetry.js';
import { leavesResults } from './unconverted-results.js';

/**
 * @param threads threads of one run; all that the process may use by default
 * @throws AttuneError `E_BACKEND_UNAVAILABLE` if the package is not installed or does not load, or its telemetry is on
 */
export async function nodeRuntime(threads?: number): Promise<Runtime> {
  const { env, InferenceSession, Tensor } = await load();
  const system = globalThis.process.getBuiltinModule('node:os');
  const count = threads ?? system.availableParallelism();
  const createSession: Runtime['createSession'] = (model, { keepsMemory = true } = {}) =>
    InferenceSession.create(model, {
      executionProviders: ['cpu'],
      intraOpNumThreads: count,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      // Small blocks of work, so that a thread that is held up does not hold up the other.
      // The graph is as it should be. ONNX Runtime would undo some of it, and take a second for that.
      graphOptimizationLevel: 'disabled',
      // With a pattern the second run reserves all of its memory once more beside what the first run took.
      enableMemPattern: false,
      enableCpuMemArena: keepsMemory,
      extra: { session: { set_denormal_as_zero: '1', dynamic_block_base: '4' } },
    });
  const createTensor: Runtime['createTensor'] = (dtype, data, shape) => new Tensor(runtimeType[dtype], data, shape);
  return {
    packageName: 'onnxruntime-node',
    version: env.versions.node ?? 'unknown',
    device: 'cpu',
    writesInPlace: true,
    threads: count,
    leavesResults: await leavesResults({ createSession, createTensor }).catch((cause: unknown) => {
      throw unavailable('onnxruntime-node does not compute on the CPU here', cause);
    }),
    createSession,
    createTensor,
  };
}

async function load(): Promise<typeof import('onnxruntime-node')> {
  disableTelemetry();
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw unavailable('The package onnxruntime-node cannot be loaded', cause);
  }
}

const unavailable = (problem: string, cause: unknown): AttuneError =>
  new AttuneError('E_BACKEND_UNAVAILABLE', `${problem}: ${cause instanceof Error ? cause.message : cause}`, {
    field: 'onnxruntime-node',
    hint: 'npm install onnxruntime-node@1.30',
    cause,
  });
