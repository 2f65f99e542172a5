/** For tests: the command in this process, on small files. */
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { main } from '../program.js';
import type { Interruption } from '../signals.js';

export interface CommandEnd {
  readonly code: number;
  /** The last line of standard output; empty where it is no JSON. */
  readonly last: Readonly<Record<string, unknown>>;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as it is given. */
export async function runCommand(args: readonly string[], interruption?: Interruption): Promise<CommandEnd> {
  return runPiped(undefined, args, interruption);
}

/** Runs the command with a text on its standard input; undefined for a terminal, on which nobody types. */
export async function runPiped(
  input: string | undefined,
  args: readonly string[],
  interruption?: Interruption,
): Promise<CommandEnd> {
  const restore = input === undefined ? replaceStdin({ isTTY: true }) : pipe(input);
  const printed = { out: '', err: '' };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    printed.out += String(chunk);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    printed.err += String(chunk);
    return true;
  });
  try {
    const code = await main(args, interruption);
    const line = printed.out.trim().split('\n').at(-1) ?? '';
    return { code, last: line.startsWith('{') ? JSON.parse(line) : {}, ...printed };
  } finally {
    out.mockRestore();
    err.mockRestore();
    restore();
  }
}

/** Connects a file with the text to standard input. */
function pipe(text: string): () => void {
  const folder = testFolder();
  const fd = openSync(folder.file('stdin', text), 'r');
  const restore = replaceStdin(createReadStream('', { fd, autoClose: false }), fd);
  return () => {
    restore();
    closeSync(fd);
    folder.remove();
  };
}

function replaceStdin(stream: object, fd = 0): () => void {
  const before = Object.getOwnPropertyDescriptor(process, 'stdin');
  Object.defineProperty(process, 'stdin', { value: Object.assign(stream, { fd }), configurable: true });
  return () => {
    if (before) Object.defineProperty(process, 'stdin', before);
  };
}

export interface TestFolder {
  readonly path: string;
  readonly at: (name: string) => string;
  /** Writes a file, and gives its path. */
  readonly file: (name: string, content: string) => string;
  readonly remove: () => void;
}

export function testFolder(): TestFolder {
  const path = mkdtempSync(join(tmpdir(), 'attune-command-'));
  const at = (name: string) => join(path, name);
  return {
    path,
    at,
    file(name, content) {
      writeFileSync(at(name), content);
      return at(name);
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
