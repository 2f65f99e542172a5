// What the benchmarks share.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Of the repository; bundles lie deeper. */
export const root = process.env.ATTUNE_ROOT ?? fileURLToPath(new URL('..', import.meta.url));
export const scripts = join(root, 'bench', 'python');
export const shared = process.env.ATTUNE_SHARED ?? join(root, '..', 'shared');
export const miniLm = join(shared, 'models', 'all-minilm-l6-v2');
export const banking77 = join(shared, 'data', 'banking77', 'train.csv');
export const python = process.env.ATTUNE_PYTHON ?? 'python3';

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Runs a command; the object on the last line of its output. */
export function lastLine(command, args, cwd = root) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (part) => {
      text = (text + part).slice(-1_000_000);
    });
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(text.trim().split('\n').at(-1)));
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}`));
    });
  });
}

/** A process that does training steps when told to, by the protocol of python/step.py. */
export function contestant(name, command, args, cwd) {
  const child = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => JSON.parse((await lines.next()).value);
  const ask = (command) => {
    child.stdin.write(`${command}\n`);
    return read();
  };
  const end = () => child.stdin.end('quit\n');
  return { name, ready: read, ask, run: (count) => ask(`run ${count}`), quit: () => ask('quit'), end };
}

const resultFile = (name) => join(root, 'bench', 'results', `${name}.json`);

/** A benchmark's results of earlier; undefined where there are none. */
export const readResults = (name) =>
  existsSync(resultFile(name)) ? JSON.parse(readFileSync(resultFile(name), 'utf8')) : undefined;

export function writeResults(name, results) {
  mkdirSync(join(root, 'bench', 'results'), { recursive: true });
  writeFileSync(resultFile(name), `${JSON.stringify(results, null, 2)}\n`);
}

/** A line for every finished run of defaults.ts. */
export const defaultsResults = join(root, 'bench', 'results', 'defaults.jsonl');

export const readDefaults = () => readLines(defaultsResults);

/** The records of a file of JSON lines; none if there is no file. */
export const readLines = (file) =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];
