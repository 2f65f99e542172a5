// `npm run pretrain:base [-- --minutes-mlm N --minutes-distill N …]`: makes packages/base-mini; docs/base-mini.md.
import { runExample } from './run-example.mjs';

// Ctrl-C reaches the program too, which saves; this one waits for it.
process.on('SIGINT', () => {});
await runExample('base-mini/pretrain-command', process.argv.slice(2));
