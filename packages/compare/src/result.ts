import type { Forgetting } from './forgetting.js';
import type { Shots } from './sample.js';

/** One training of a method, measured on the test data. */
export interface Run {
  readonly method: string;
  readonly shots: Shots;
  readonly seed: number;
}

export interface Result extends Run {
  /** Training examples. */
  readonly examples: number;
  /** 0 to 1. */
  readonly accuracy: number;
  readonly macroF1: number;
  /** The expected calibration error, 0 to 1. */
  readonly calibrationError: number;
  /** The same after temperature scaling, fitted on the half of the test data that it is not measured on. */
  readonly calibrationErrorWithTemperature: number;
  /** From the files to the trained model. */
  readonly seconds: number;
  readonly trainableParameters: number;
  /** What has to be kept beside what training started from. */
  readonly storedBytes: number;
  /** Absent if it is not measured, and for methods that do not start from a pretrained model. */
  readonly forgetting?: Forgetting;
  /** The most memory that the process had; absent where nothing tells it. */
  readonly memoryBytes?: number;
}

/** A run without a result. */
export interface LeftOut extends Run {
  readonly reason: string;
}

export const sameRun = (one: Run, other: Run): boolean =>
  one.method === other.method && one.shots === other.shots && one.seed === other.seed;
