/** T27: what WebGPU reports late becomes a typed error of the next run or download. */
import { describe, expect, it } from 'vitest';
import { DeviceErrors, type ReportingDevice } from './device-errors.js';

class GPUOutOfMemoryError extends Error {}

class FakeDevice implements ReportingDevice {
  /** What the next scope ends with. */
  scoped: Error | null = null;
  lose: (info: { reason: string; message: string }) => void = () => {};
  report: (error: Error) => void = () => {};
  readonly lost = new Promise<{ reason: string; message: string }>((resolve) => {
    this.lose = resolve;
  });
  addEventListener(_: string, listener: (event: { error: Error }) => void): void {
    this.report = (error) => listener({ error });
  }
  pushErrorScope(): void {}
  async popErrorScope(): Promise<Error | null> {
    return this.scoped;
  }
}

function watched() {
  const device = new FakeDevice();
  return { device, errors: new DeviceErrors(device) };
}

describe('T27 device-lost-oom', () => {
  it('says how many bytes were not to be had, once', async () => {
    const { device, errors } = watched();
    device.scoped = new GPUOutOfMemoryError('no memory');
    errors.allocate(5120, () => undefined);
    await expect(errors.settle()).rejects.toMatchObject({
      code: 'E_DEVICE_MEMORY',
      message: expect.stringContaining('5120 bytes'),
      hint: expect.stringContaining('smaller batches'),
    });
    device.scoped = null;
    errors.allocate(5120, () => undefined);
    await expect(errors.settle()).resolves.toBeUndefined();
  });

  it('says so rather than what follows from it', async () => {
    const { device, errors } = watched();
    device.scoped = new GPUOutOfMemoryError('no memory');
    errors.allocate(5120, () => undefined);
    device.report(new Error('the buffer is not valid'));
    await expect(errors.settle()).rejects.toMatchObject({ code: 'E_DEVICE_MEMORY' });
  });

  it('throws the first error that no scope took', () => {
    const { device, errors } = watched();
    device.report(new Error('first'));
    device.report(new GPUOutOfMemoryError('second'));
    expect(() => errors.check()).toThrow(
      expect.objectContaining({ code: 'E_DEVICE', message: 'WebGPU failed: first' }),
    );
    expect(() => errors.check()).not.toThrow();
    device.report(new GPUOutOfMemoryError('third'));
    expect(() => errors.check()).toThrow(expect.objectContaining({ code: 'E_DEVICE_MEMORY' }));
  });

  it('throws for ever once the device is gone', async () => {
    const { device, errors } = watched();
    device.lose({ reason: 'unknown', message: 'the driver crashed' });
    await expect(errors.lost).resolves.toEqual({ reason: 'the driver crashed' });
    for (let call = 0; call < 2; call++) {
      expect(() => errors.check()).toThrow(
        expect.objectContaining({ code: 'E_DEVICE_LOST', message: expect.stringContaining('the driver crashed') }),
      );
    }
    await expect(errors.afterFailure(new Error('mapping was aborted'))).resolves.toMatchObject({
      code: 'E_DEVICE_LOST',
    });
  });
});
