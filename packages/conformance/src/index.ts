export { decoderStep } from './decoder.js';
export {
  type CaseOutputs,
  type GoldenAttributes,
  type OptimizerCase,
  optionsOf,
  type Plan,
  runOptimizerCase,
  runTrajectory,
} from './parity/optimizers.js';
export { runScheduleCase, type ScheduleCase, type ScheduleComparison } from './parity/schedules.js';
export { overrideDevice, type PlantedFault, plantedFaults } from './planted-faults.js';
export { expectLikeReference, expectRefusal, lacksDType, release, runOnDevice } from './run-program.js';
export { type ConformanceCase, conformanceCases, type Limitation, type Outcome, runConformance } from './suite.js';
export { expectClose, type Tolerance, tolerances, worstError } from './tolerance.js';
export { transformerBatch, transformerInputs, transformerLoss, transformerParameters } from './transformer.js';
