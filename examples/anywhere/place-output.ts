/** What comes from a place, as plain data: out of another process, a page, or the file of results. */
import { z } from 'zod';

export const trainingOutput = z.strictObject({
  /** The device that computed. */
  device: z.string(),
  losses: z.array(z.number()).min(1).readonly(),
  /** Of the test reviews, from 0 to 1. */
  accuracy: z.number(),
  /** Of each step. */
  milliseconds: z.array(z.number()).readonly(),
});

export type TrainingOutput = Readonly<z.infer<typeof trainingOutput>>;

export const placeOutput = trainingOutput.extend({
  /** Peak resident memory of the processes that computed, where it is known. */
  memoryBytes: z.number().optional(),
});

export type PlaceOutput = Readonly<z.infer<typeof placeOutput>>;
