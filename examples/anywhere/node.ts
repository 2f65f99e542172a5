/** The script in a Node process of its own, so that runtimes do not meet and memory is that of one place. */
import { spawn } from 'node:child_process';
import { type PlaceOutput, placeOutput } from './place-output.js';
import { placeOf } from './places.js';
import { type TrainingInput, train } from './training.js';

/** Starts this command again for one place. @throws Error with the last words of a process that fails */
export function runInNode(place: string, args: readonly string[]): Promise<PlaceOutput> {
  const child = spawn(process.execPath, [process.argv[1] ?? '', ...args, '--place', place], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let words = '';
  child.stdout.on('data', (data: unknown) => {
    output += String(data);
  });
  child.stderr.on('data', (data: unknown) => {
    words += String(data);
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code, signal) => {
      if (code === 0) resolve(placeOutput.parse(JSON.parse(lastLine(output))));
      else reject(new Error(lastLine(words) || `ended with ${code ?? signal}`));
    });
  });
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/** Trains here, and prints what came out as one line. */
export async function servePlace(place: string, input: TrainingInput): Promise<void> {
  const output: PlaceOutput = {
    ...(await train(input, placeOf(place).backend())),
    memoryBytes: process.resourceUsage().maxRSS * 1024,
  };
  // Threads of a native runtime may keep the process.
  process.stdout.write(`${JSON.stringify(output)}\n`, () => process.exit(0));
}
