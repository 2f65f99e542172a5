// `npm run evaluate:base [-- --seeds N --models a,b --tasks a,b]`: the table of the model card; docs/base-mini.md.
import { runExample } from './run-example.mjs';

process.on('SIGINT', () => {});
await runExample('base-mini/evaluate-command', process.argv.slice(2));
