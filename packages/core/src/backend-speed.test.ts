import { AttuneError, type Backend, referenceBackend } from '@attune/ir';
import { describe, expect, it } from 'vitest';
import { measureBackends } from './backend-speed.js';

const absent: Backend = {
  name: 'absent',
  probe: async () => [],
  open: async () => {
    throw new AttuneError('E_BACKEND_UNAVAILABLE', 'It is not installed.', { hint: 'npm install it' });
  },
};

describe('measureBackends', () => {
  it('puts what computes before what cannot be opened, and says why that is', async () => {
    const [first, second] = await measureBackends([absent, referenceBackend()]);
    expect(first?.info).toMatchObject({ backend: 'reference', available: true });
    expect(first?.gigaflops).toBeGreaterThan(0);
    expect(first?.dtypes).toContain('bf16');
    expect(second).toMatchObject({
      gigaflops: 0,
      info: { available: false, reason: 'It is not installed. npm install it' },
    });
  });

  it('closes what it opened', async () => {
    let closed = 0;
    const backend: Backend = {
      ...referenceBackend(),
      async open() {
        const device = await referenceBackend().open();
        return Object.assign(device, { [Symbol.asyncDispose]: async () => void closed++ });
      },
    };
    await measureBackends([backend]);
    expect(closed).toBe(1);
  });
});
