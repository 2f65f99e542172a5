#!/usr/bin/env node
// The command that npm links: npm links only files that exist at install, and in a clone `dist` is built later.
import { existsSync } from 'node:fs';

const command = new URL('../dist/setup.js', import.meta.url);
if (existsSync(command)) await import(command.href);
else {
  console.error('attune-tfjs-setup is not built yet: run npm run build in the repository first.');
  process.exitCode = 1;
}
