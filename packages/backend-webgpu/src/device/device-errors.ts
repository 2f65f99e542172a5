/** WebGPU reports errors later. They are kept here until a run or a download can throw them. */
import { AttuneError, type DeviceLostInfo } from '@attune/ir';

/** As much of a `GPUDevice` as errors are reported by. */
export interface ReportingDevice {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  addEventListener(type: 'uncapturederror', listener: (event: { readonly error: Reported }) => void): void;
  pushErrorScope(filter: 'out-of-memory'): void;
  popErrorScope(): Promise<Reported | null>;
}

interface Reported {
  readonly message: string;
}

/** How much later than the failure of a call the loss of the device may be reported. */
const LOSS_MILLISECONDS = 100;

export class DeviceErrors {
  /** Settles when the device is gone. */
  readonly lost: Promise<DeviceLostInfo>;
  readonly #device: ReportingDevice;
  readonly #pending = new Set<Promise<void>>();
  #first: AttuneError | undefined;
  #lost: AttuneError | undefined;

  constructor(device: ReportingDevice) {
    this.#device = device;
    device.addEventListener('uncapturederror', ({ error }) => {
      this.#first ??= deviceError(error);
    });
    this.lost = device.lost.then(({ reason, message }) => {
      const text = message || `the device was lost (${reason})`;
      this.#lost = new AttuneError('E_DEVICE_LOST', `WebGPU's device is gone: ${text}.`, {
        field: 'device',
        hint: 'Open the backend again, and resume from the last checkpoint.',
      });
      return { reason: text };
    });
  }

  /** Does what takes memory; `settle` throws where there is none. */
  allocate<T>(bytes: number, action: () => T): T {
    this.#device.pushErrorScope('out-of-memory');
    const memory = action();
    this.#await(
      this.#device.popErrorScope().then((error) => {
        // What follows from it, such as that a buffer is not valid, may have been reported before.
        if (error) this.#first = memoryError(bytes, error);
      }),
    );
    return memory;
  }

  /** @throws AttuneError what was reported so far: `E_DEVICE_LOST`, `E_DEVICE_MEMORY` or `E_DEVICE` */
  check(): void {
    if (this.#lost) throw this.#lost;
    const error = this.#first;
    this.#first = undefined;
    if (error) throw error;
  }

  /** Waits for what is known of allocations. @throws AttuneError as `check` */
  async settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    this.check();
  }

  /** The error of a call that failed: that the device is gone, if it is, may be reported a moment later. */
  async afterFailure(cause: unknown): Promise<AttuneError> {
    await Promise.race([this.lost, new Promise((resolve) => setTimeout(resolve, LOSS_MILLISECONDS))]);
    return this.#lost ?? new AttuneError('E_DEVICE', `WebGPU failed: ${cause}`, { field: 'device', cause });
  }

  #await(outcome: Promise<void>): void {
    const done = outcome.catch(() => {}).then(() => void this.#pending.delete(done));
    this.#pending.add(done);
  }
}

/** @param bytes what could not be had */
function memoryError(bytes: number, cause?: unknown): AttuneError {
  return new AttuneError('E_DEVICE_MEMORY', `The WebGPU device has no memory for another ${bytes} bytes.`, {
    field: 'device',
    hint: 'Take smaller batches or shorter texts, or train fewer parameters.',
    cause,
  });
}

/** Errors are told apart by the names of their classes: Node has no global ones. */
function deviceError(cause: Reported): AttuneError {
  if (cause.constructor.name === 'GPUOutOfMemoryError') {
    return new AttuneError('E_DEVICE_MEMORY', `The WebGPU device is out of memory: ${cause.message}`, { cause });
  }
  return new AttuneError('E_DEVICE', `WebGPU failed: ${cause.message}`, { field: 'device', cause });
}
