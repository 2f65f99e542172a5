#!/usr/bin/env node
import { onInterrupt } from './signals.js';
import { startWatchdog } from './watchdog.js';

// Listens first: loading the rest takes a while.
const interruption = onInterrupt();
startWatchdog();
const { main } = await import('./program.js');
const code = await main(process.argv.slice(2), interruption);
process.exitCode = code;
// What was left at the interruption must not keep the process.
if (interruption.signal.aborted) process.stdout.write('', () => process.exit(code));
