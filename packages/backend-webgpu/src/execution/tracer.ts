/** Tells what the kernels of a program did in its first run. Loaded only where something is traced. */
import type { Schedule } from '../schedule/schedule.js';
import { Timings } from './timings.js';
import { type ProgramTrace, traceOf } from './trace.js';

export class Tracer {
  readonly #device: GPUDevice;
  readonly #schedule: Schedule;
  readonly #take: (trace: ProgramTrace) => void;
  #isDone = false;

  constructor(device: GPUDevice, schedule: Schedule, take: (trace: ProgramTrace) => void) {
    this.#device = device;
    this.#schedule = schedule;
    this.#take = take;
  }

  /** What measures the first run; nothing in later ones, or where the device has no clock. */
  start(): Timings | undefined {
    if (this.#isDone || !this.#device.features.has('timestamp-query')) return undefined;
    return new Timings(this.#device, this.#schedule.kernels.length);
  }

  /** Ends the first run. */
  async report(timings: Timings | undefined): Promise<void> {
    if (this.#isDone) return;
    this.#isDone = true;
    const { program, kernels } = this.#schedule;
    this.#take(traceOf(program, kernels, await timings?.microseconds()));
  }
}
