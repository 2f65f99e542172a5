/**
 * Ends the process at the second signal although its event loop is held, by a long run of a native library or a regular
 * expression: JavaScript's own listeners do not hear a signal then. A thread with a loop of its own counts the signals.
 */
import { constants } from 'node:os';
import { Worker } from 'node:worker_threads';
import { listenedSignals } from './signals.js';

/** How long the main thread has to end by itself, which gives the signal's own exit code. */
const GRACE_MILLISECONDS = 1000;

/**
 * Node has no public way to listen to signals in a thread; its own wrapper works in one. Should a version lack it, the
 * thread ends, and a held loop hears signals when it is free again.
 */
const source = `
const { workerData: { signals, grace } } = require('node:worker_threads');
process.noDeprecation = true;
let count = 0;
try {
  const { Signal } = process.binding('signal_wrap');
  for (const number of signals) {
    const handle = new Signal();
    handle.onsignal = () => {
      count += 1;
      if (count === 2) setTimeout(() => process.kill(process.pid, 'SIGKILL'), grace);
    };
    handle.start(number);
  }
} catch {}
`;

/** Keeps nothing alive: the thread ends with the command. */
export function startWatchdog(): void {
  const signals = listenedSignals.map((name) => constants.signals[name]).filter((number) => number !== undefined);
  new Worker(source, { eval: true, workerData: { signals, grace: GRACE_MILLISECONDS }, execArgv: [] })
    .on('error', () => {})
    .unref();
}
