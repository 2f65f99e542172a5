import { spawn } from 'node:child_process';
import { AttuneError } from '@attune/ir';

export interface CommandFailure {
  /** What could not be done. */
  readonly problem: string;
  readonly field: string;
  readonly hint: string;
}

/**
 * Runs a command to its end and returns what it printed.
 * @throws AttuneError `E_BACKEND_UNAVAILABLE` with its last words where it fails or does not exist
 */
export async function runCommand(command: string, args: readonly string[], failure: CommandFailure): Promise<string> {
  const { status, output, words } = await ended(command, args);
  if (status === 0) return output;
  const end = words.trim().split('\n').slice(-3).join(' ');
  throw new AttuneError('E_BACKEND_UNAVAILABLE', `${failure.problem}: ${command} ended with ${status}. ${end}`.trim(), {
    field: failure.field,
    hint: failure.hint,
  });
}

interface Ended {
  /** The exit code, the signal, or the reason why it did not start. */
  readonly status: number | string;
  readonly output: string;
  /** What it said on both streams. */
  readonly words: string;
}

function ended(command: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let words = '';
    const listen = (data: unknown) => {
      words += String(data);
    };
    child.stdout.on('data', (data: unknown) => {
      output += String(data);
    });
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.on('error', ({ message }) => resolve({ status: message, output, words }));
    child.on('close', (code, signal) => resolve({ status: code ?? signal ?? 'nothing', output, words }));
  });
}
