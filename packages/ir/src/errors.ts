/** The codes of all errors, which docs/errors.md explains. */
export const errorCodes = [
  'E_ADAPTER_BASE',
  'E_ADAPTER_CONFIG',
  'E_ADAPTER_MISMATCH',
  'E_ADAPTER_UNSUPPORTED',
  'E_BACKEND_UNAVAILABLE',
  'E_BUFFER_DELETED',
  'E_BUSY',
  'E_CHECKPOINT',
  'E_CONFIG',
  'E_DATA',
  'E_DATA_COLUMN',
  'E_DATA_EMPTY',
  'E_DATA_LABELS',
  'E_DATA_LIMIT',
  'E_DATA_ROWS',
  'E_DEVICE',
  'E_DEVICE_LOST',
  'E_DEVICE_MEMORY',
  'E_DISK',
  'E_FILE_COMPRESSED',
  'E_FILE_ENCODING',
  'E_FILE_JSON',
  'E_FILE_MISSING',
  'E_GGUF_HEADER',
  'E_GGUF_METADATA',
  'E_GGUF_TENSOR',
  'E_INDEX',
  'E_LFS_POINTER',
  'E_LOCKED',
  'E_MODEL_UNSUPPORTED',
  'E_MODEL_UNTRAINED',
  'E_NONFINITE',
  'E_NOT_TRAINED',
  'E_NO_GRADIENT',
  'E_OUTPUT_EXISTS',
  'E_PATH_ESCAPE',
  'E_PROGRAM',
  'E_RESUME_MISMATCH',
  'E_SAFETENSORS_HEADER',
  'E_SAFETENSORS_INDEX',
  'E_SAFETENSORS_JSON',
  'E_SAFETENSORS_LAYOUT',
  'E_SCHEMA',
  'E_SHAPE',
  'E_SIGNATURE',
  'E_STRATEGY',
  'E_TEMPLATE',
  'E_TEMPLATE_BUDGET',
  'E_TENSOR',
  'E_TENSOR_DTYPE',
  'E_TENSOR_MISSING',
  'E_TOKENIZER',
  'E_TOKENIZER_BUDGET',
  'E_TOO_LONG',
  'E_UNSAFE_FORMAT',
  'E_UNSUPPORTED_PROGRAM',
  'E_WEIGHTS_MISMATCH',
  'E_WORD_VECTORS',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** What every Attune error carries beside its message. */
export interface AttuneErrorDetails {
  /** The file that the fault lies in, where there is one. */
  readonly file?: string;
  /** The field, tensor, column, option or op that the fault lies in. */
  readonly field?: string;
  /** All of them, where the fault lies in several; `field` is the first. */
  readonly fields?: readonly string[];
  /** What to do about it, in one sentence. */
  readonly hint?: string;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * The one error class of Attune. `code` is stable and documented (docs/errors.md); the message names the file, field,
 * tensor, op or device, what was expected and what was found.
 */
export class AttuneError extends Error {
  readonly code: ErrorCode;
  readonly file: string | undefined;
  readonly field: string | undefined;
  /** All fields that the fault lies in: `field`, and others where there are several. */
  readonly fields: readonly string[];
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: AttuneErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'AttuneError';
    this.code = code;
    this.file = details.file;
    this.field = details.field ?? details.fields?.[0];
    this.fields = details.fields ?? (details.field === undefined ? [] : [details.field]);
    this.hint = details.hint;
  }
}

/** True for an error of Attune, also one of a second copy of this package. */
export function isAttuneError(error: unknown): error is AttuneError {
  return error instanceof Error && error.name === 'AttuneError' && 'code' in error;
}
