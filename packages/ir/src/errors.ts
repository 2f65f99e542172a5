/** What every Attune error carries beside its message. */
export interface AttuneErrorDetails {
  /** The file that the fault lies in, where there is one. */
  readonly file?: string;
  /** The field, tensor, column, option or op that the fault lies in. */
  readonly field?: string;
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
  readonly code: string;
  readonly file: string | undefined;
  readonly field: string | undefined;
  readonly hint: string | undefined;

  constructor(code: `E_${string}`, message: string, details: AttuneErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'AttuneError';
    this.code = code;
    this.file = details.file;
    this.field = details.field;
    this.hint = details.hint;
  }
}

/** True for an error of Attune, also one of a second copy of this package. */
export function isAttuneError(error: unknown): error is AttuneError {
  return error instanceof Error && error.name === 'AttuneError' && 'code' in error;
}
