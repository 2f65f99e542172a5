/**
 * Before every file of tests: it counts on one core, because as many files run at once as there are. Threads of ONNX Runtime
 * beyond that would wait for each other in loops, which costs a third more.
 */
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

Object.defineProperty(os, 'availableParallelism', { value: () => 1 });
syncBuiltinESMExports();
