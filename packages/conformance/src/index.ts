export { decoderStep } from './decoder.js';
export * from './parity/optimizers.js';
export * from './parity/schedules.js';
export * from './planted-faults.js';
export * from './run-program.js';
export * from './suite.js';
export * from './tolerance.js';
export * from './transformer.js';
