import { conformanceCases } from '@attune/conformance';
import type { Device } from '@attune/ir';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { webgpu } from './index.js';

const all = conformanceCases();

/** By the adapter's own limits everything, by those of every device the largest kernels. */
const runs = [
  { limits: 'adapter', cases: all },
  { limits: 'default', cases: all.filter(({ name }) => name.startsWith('programs/')) },
] as const;

describe.each(runs)('WebGPU in Node conforms within the limits: $limits', ({ limits, cases }) => {
  let device: Device;
  beforeAll(async () => {
    device = await webgpu({ limits }).open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  it.each(cases)('$name', ({ run }) => run(device));
});
