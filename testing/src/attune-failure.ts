import { type AttuneError, isAttuneError } from '@attune/ir';

/** The AttuneError that a promise is rejected with. @throws Error where it is not, or with something else */
export async function attuneFailure(promise: Promise<unknown>): Promise<AttuneError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isAttuneError(error)) throw new Error(`expected an AttuneError, got ${error}`);
  return error;
}
