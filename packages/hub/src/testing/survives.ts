/** For tests: what a reader of hostile files has to do, whatever it is given. */

import { isAttuneError } from '@attune/ir';
import { processorClock } from '@attune/testing/processor-clock';
import { expect } from 'vitest';

/** Inputs of each mutation test: 1,000, or `ATTUNE_FUZZ`. The seed is `ATTUNE_FUZZ_SEED`, and printed in failures. */
export const mutationRuns = {
  numRuns: Number(process.env.ATTUNE_FUZZ ?? 1000),
  seed: Number(process.env.ATTUNE_FUZZ_SEED ?? 20261130),
  // A smaller input that fails too takes as long to find as all the others together.
  endOnFailure: true,
};

/** For 20,000 inputs on a busy machine. */
export const mutationTimeout = 3_600_000;

const MAX_SECONDS = 3;
const MAX_BYTES = 500e6;

/** What the slowest and the largest input took, and how many were read to the end. */
export class Survival {
  private inputs = 0;
  private accepted = 0;
  private seconds = 0;
  private bytes = 0;

  /**
   * Reads one input: it ends well or in an AttuneError, within 3 s of processor time and 500 MB of the process with its
   * workers, and leaves the prototypes of JavaScript as they were.
   */
  async read(action: () => Promise<unknown>): Promise<void> {
    const [memory, peak] = [process.memoryUsage.rss(), peakBytes()];
    const clock = processorClock();
    try {
      await action();
      this.accepted++;
    } catch (error) {
      if (!isAttuneError(error)) throw error;
    }
    const seconds = clock();
    // Less than the peak so far was taken if there is no new one.
    const bytes = peakBytes() > peak ? peakBytes() - memory : 0;
    expect(seconds).toBeLessThan(MAX_SECONDS);
    expect(bytes).toBeLessThan(MAX_BYTES);
    expect(Object.keys(Object.prototype)).toEqual([]);
    this.inputs++;
    this.seconds = Math.max(this.seconds, seconds);
    this.bytes = Math.max(this.bytes, bytes);
  }

  /** How many of the inputs ended well, from 0 to 1. */
  get acceptedShare(): number {
    return this.accepted / this.inputs;
  }

  /** For the log of a large run. */
  toString(): string {
    const { inputs, accepted, seconds, bytes } = this;
    return `${inputs} inputs, ${accepted} accepted, slowest ${seconds.toFixed(2)} s, largest ${Math.round(bytes / 1e6)} MB`;
  }
}

/** The most memory that the process had so far. */
const peakBytes = (): number => process.resourceUsage().maxRSS * 1024;
