/** For tests: Python's transformers and PEFT, which load what Attune wrote. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { python } from './python.js';

const script = fileURLToPath(new URL('../../../../bench/python/load_check.py', import.meta.url));

interface LoadCheck {
  readonly shape: readonly number[];
  /** Nested as `shape` says. */
  readonly logits: readonly unknown[];
  readonly id2label: Readonly<Record<string, string>>;
  /** What PEFT would train of an adapter's model. */
  readonly trainable: readonly string[];
}

/**
 * Loads by bench/python/load_check.py with these options; one with an empty value is a flag.
 * @throws Error Python's traceback, where a tensor is missing, unexpected or of another shape; or what Python died of
 */
export type LoadChecker = (options: Readonly<Record<string, string>>) => Promise<LoadCheck>;

/**
 * One Python for all load checks of a test file, or of the `describe` that calls this: the first check starts it (2 to 3
 * seconds), it ends after the last test.
 */
export function useLoadCheck(command = python ?? 'python3'): LoadChecker {
  let server: Server | undefined;
  afterAll(() => server?.close());
  return (options) => {
    server ??= new Server(command);
    return server.check(options);
  };
}

class Server {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  readonly #end: Promise<unknown>;
  #errors = '';

  constructor(command: string) {
    this.#process = spawn(command, [script, '--serve']);
    this.#end = once(this.#process, 'close').catch((error: Error) => {
      this.#errors += error.message;
    });
    this.#process.stderr.on('data', (text) => {
      this.#errors += text;
    });
    // That Python reads no more shows in its answers, which end.
    this.#process.stdin.on('error', () => undefined);
    this.#answers = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async check(options: Readonly<Record<string, string>>): Promise<LoadCheck> {
    const flags = Object.entries(options).flatMap(([name, value]) =>
      value === '' ? [`--${name}`] : [`--${name}`, value],
    );
    this.#process.stdin.write(`${JSON.stringify(flags)}\n`);
    const line = await this.#answers.next();
    if (line.done) {
      await this.#end;
      const { exitCode, signalCode } = this.#process;
      throw new Error(`load_check.py ended with ${signalCode ?? exitCode}: ${this.#errors}`);
    }
    const answer = JSON.parse(line.value);
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }

  async close(): Promise<void> {
    this.#process.kill();
    await this.#end;
  }
}
