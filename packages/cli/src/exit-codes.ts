import { isAttuneError } from '@attune/ir';

/** What the process ends with; documented in docs/cli.md. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  invalid: 2,
  locked: 3,
  backendUnavailable: 4,
  interrupted: 130,
  terminated: 143,
} as const;

/** Errors of what the user gave: options, files, data. */
const invalid =
  /^E_(CONFIG|DATA|FILE|SAFETENSORS|WEIGHTS|ADAPTER|MODEL|UNSAFE|OUTPUT_EXISTS|RESUME_MISMATCH|CHECKPOINT|STRATEGY|TOKENIZER|TENSOR|TOO_LONG|PATH)/;

export function exitCodeOf(error: unknown): number {
  if (!isAttuneError(error)) return exitCodes.failed;
  if (error.code === 'E_LOCKED') return exitCodes.locked;
  if (error.code.startsWith('E_BACKEND')) return exitCodes.backendUnavailable;
  return invalid.test(error.code) ? exitCodes.invalid : exitCodes.failed;
}
