import { AttuneError } from '@attune/ir';

/** What ONNX Runtime threw, as an error of Attune: `E_DEVICE_MEMORY` with the bytes that it names, or `E_DEVICE`. */
export function runtimeError(cause: unknown): AttuneError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (!/bad.?alloc|failed to allocate|out of memory|allocation failed/i.test(message)) {
    return new AttuneError('E_DEVICE', `ONNX Runtime failed: ${message}`, { cause });
  }
  return new AttuneError('E_DEVICE_MEMORY', `ONNX Runtime is out of memory: ${message}`, {
    hint: 'Use a smaller batch or shorter texts; autoFindBatchSize takes smaller batches and keeps the examples of a step.',
    cause,
  });
}
