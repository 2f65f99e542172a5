#!/usr/bin/env node
// The command that npm links: npm links only files that exist at install, and in a clone `dist` is built later.
import { existsSync } from 'node:fs';

if (existsSync(new URL('../dist/index.js', import.meta.url))) await import('@attune/cli/command');
else {
  console.error('attune is not built yet: run npm run build in the repository first.');
  process.exitCode = 1;
}
