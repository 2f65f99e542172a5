import { AttuneError } from '@attune/ir';

/** @throws AttuneError `E_CONFIG` for a token that the model does not have */
export function requireTokens(field: string, ids: readonly number[], tokens: number): void {
  const unknown = ids.find((id) => id >= tokens);
  if (unknown === undefined) return;
  throw new AttuneError('E_CONFIG', `${field} names the token ${unknown}; the model has ${tokens} tokens.`, {
    field,
    hint: `Give ids from 0 to ${tokens - 1}.`,
  });
}
