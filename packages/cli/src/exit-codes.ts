import { type ErrorCode, isAttuneError } from '@attune/ir';
import { signalExitCodes } from './signals.js';

/** What the process ends with; documented in docs/cli.md. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  invalid: 2,
  locked: 3,
  backendUnavailable: 4,
  ...signalExitCodes,
} as const;

const { failed, invalid, locked, backendUnavailable } = exitCodes;

/** Faults of what the user gave (options, files, data) are `invalid`; those of the run are `failed`. */
const exitCodeByError: Readonly<Record<ErrorCode, number>> = {
  E_ADAPTER_BASE: invalid,
  E_ADAPTER_CONFIG: invalid,
  E_ADAPTER_MISMATCH: invalid,
  E_ADAPTER_UNSUPPORTED: invalid,
  E_BACKEND_UNAVAILABLE: backendUnavailable,
  E_BUFFER_DELETED: failed,
  E_BUSY: failed,
  E_CHECKPOINT: invalid,
  E_CONFIG: invalid,
  E_DATA: invalid,
  E_DATA_COLUMN: invalid,
  E_DATA_EMPTY: invalid,
  E_DATA_LABELS: invalid,
  E_DATA_LIMIT: invalid,
  E_DATA_ROWS: invalid,
  E_DEVICE: failed,
  E_DEVICE_LOST: failed,
  E_DEVICE_MEMORY: failed,
  E_DISK: failed,
  E_FILE_COMPRESSED: invalid,
  E_FILE_ENCODING: invalid,
  E_FILE_JSON: invalid,
  E_FILE_MISSING: invalid,
  E_GGUF_HEADER: 2,
  E_GGUF_METADATA: 2,
  E_GGUF_TENSOR: 2,
  E_INDEX: failed,
  E_LFS_POINTER: invalid,
  E_LOCKED: locked,
  E_MODEL_UNSUPPORTED: invalid,
  E_MODEL_UNTRAINED: invalid,
  E_NONFINITE: failed,
  E_NOT_TRAINED: failed,
  E_NO_GRADIENT: failed,
  E_OUTPUT_EXISTS: invalid,
  E_PATH_ESCAPE: invalid,
  E_PROGRAM: failed,
  E_RESUME_MISMATCH: invalid,
  E_SAFETENSORS_HEADER: invalid,
  E_SAFETENSORS_INDEX: invalid,
  E_SAFETENSORS_JSON: invalid,
  E_SAFETENSORS_LAYOUT: invalid,
  E_SCHEMA: invalid,
  E_SHAPE: failed,
  E_SIGNATURE: failed,
  E_STRATEGY: invalid,
  E_TEMPLATE: invalid,
  E_TEMPLATE_BUDGET: invalid,
  E_TENSOR: invalid,
  E_TENSOR_DTYPE: invalid,
  E_TENSOR_MISSING: invalid,
  E_TOKENIZER: invalid,
  E_TOKENIZER_BUDGET: invalid,
  E_TOO_LONG: invalid,
  E_UNSAFE_FORMAT: invalid,
  E_UNSUPPORTED_PROGRAM: failed,
  E_WEIGHTS_MISMATCH: invalid,
  E_WORD_VECTORS: invalid,
};

export function exitCodeOf(error: unknown): number {
  // A second copy of Attune may have codes that this one does not know.
  return isAttuneError(error) && Object.hasOwn(exitCodeByError, error.code) ? exitCodeByError[error.code] : failed;
}
