import { isAttuneError } from '@attune/ir';

/** What the page says of a failure in its worker. */
export function messageOf(error: unknown): string {
  if (isAttuneError(error)) return [error.message, error.hint].filter(Boolean).join(' ');
  return error instanceof Error ? error.message : String(error);
}
