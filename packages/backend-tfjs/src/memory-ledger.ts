import type { MemoryStats } from '@attune/ir';

/** Counts the live buffers of a device, and what runs take beside them. */
export class MemoryLedger {
  #liveBytes = 0;
  #peakBytes = 0;
  #count = 0;

  add(bytes: number): void {
    this.#count++;
    this.#liveBytes += bytes;
    this.reach(0);
  }

  remove(bytes: number): void {
    this.#count--;
    this.#liveBytes -= bytes;
  }

  /** Notes that a run takes so many bytes beside the live buffers. */
  reach(bytes: number): void {
    this.#peakBytes = Math.max(this.#peakBytes, this.#liveBytes + bytes);
  }

  stats(): MemoryStats {
    return { liveBytes: this.#liveBytes, peakBytes: this.#peakBytes, bufferCount: this.#count };
  }
}
