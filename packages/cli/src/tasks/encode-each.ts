/** What a task makes of inputs of which some may be of no use. */
import type { EncodedInput, TextTask } from '@attune/core';
import { type AttuneError, isAttuneError } from '@attune/ir';
import type { Asked } from '@attune/tasks';

/** Faults of one input, which leave the others to be answered. */
const ownFaults: readonly string[] = ['E_TOO_LONG', 'E_DATA', 'E_CONFIG'];

interface EncodedOrFault<Answer> {
  readonly encoded?: EncodedInput<Answer>;
  readonly fault?: AttuneError;
}

/** What a task makes of each input, or why it can make nothing of it. @throws what concerns all of them */
export async function encodeEach<Answer, Input>(
  asked: readonly Asked<Input>[],
  task: Pick<TextTask<Answer, Input>, 'encode'>,
): Promise<readonly EncodedOrFault<Answer>[]> {
  try {
    return (await task.encode(asked.map(({ input }) => input))).map((encoded) => ({ encoded }));
  } catch (error) {
    if (!isOwnFault(error)) throw error;
    if (asked.length === 1) return [{ fault: error }];
  }
  const all: EncodedOrFault<Answer>[] = [];
  for (const each of asked) all.push(...(await encodeEach([each], task)));
  return all;
}

const isOwnFault = (error: unknown): error is AttuneError => isAttuneError(error) && ownFaults.includes(error.code);
