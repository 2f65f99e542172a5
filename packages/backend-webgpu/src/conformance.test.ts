import { conformanceCases } from '@attune/conformance';
import type { Device } from '@attune/ir';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { webgpu } from './index.js';

describe('WebGPU in Node conforms', () => {
  let device: Device;
  beforeAll(async () => {
    device = await webgpu().open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  it.each(conformanceCases())('$name', ({ run }) => run(device));
});
