#!/usr/bin/env node
import { onInterrupt } from './signals.js';
import { startWatchdog } from './watchdog.js';

// Listens first: loading the rest takes a while.
const interruption = onInterrupt();
startWatchdog();
// One package after the other: Node opens all files of an import at once, and some systems allow 256.
await import('zod');
await import('@attune/ir');
await import('@attune/hub');
await import('@attune/core');
await import('@attune/backend-onnx');
const { main } = await import('./program.js');
const code = await main(process.argv.slice(2), interruption);
process.exitCode = code;
// What was left at the interruption must not keep the process.
if (interruption.signal.aborted) process.stdout.write('', () => process.exit(code));
