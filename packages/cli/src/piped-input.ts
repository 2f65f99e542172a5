import { fstatSync } from 'node:fs';
import type { ByteSource } from '@attune/data';

/** Stands for standard input in place of a file. */
const PIPED = '-';

/**
 * The settings with standard input in place of `--data -`, and of nothing where something is connected to it.
 * @param isAsked whether the command line asks something by itself
 */
export function withPipe<Given extends { readonly data?: string | undefined }>(
  settings: Given,
  isAsked: boolean,
): Given & { readonly piped?: ByteSource | undefined } {
  const { data } = settings;
  if (data === PIPED) return { ...settings, data: undefined, piped: pipedInput(true) };
  return !isAsked && data === undefined ? { ...settings, piped: pipedInput(false) } : settings;
}

/**
 * Standard input, if it is asked for or if a pipe or file is connected to it.
 * @param isNamed whether the user asks for it
 */
function pipedInput(isNamed: boolean): ByteSource | undefined {
  const { stdin } = process;
  if (!isNamed && (stdin.isTTY || !holdsData(stdin.fd))) return undefined;
  return {
    name: 'standard input',
    async *chunks() {
      for await (const chunk of stdin) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
    },
  };
}

/** Whether a descriptor is a pipe or a file; /dev/null, as of a service, is neither. */
function holdsData(descriptor: number): boolean {
  try {
    const found = fstatSync(descriptor);
    return found.isFIFO() || found.isFile() || found.isSocket();
  } catch {
    return false;
  }
}
