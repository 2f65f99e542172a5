import { conformanceCases } from '@attune/conformance';
import type { Device } from '@attune/ir';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { onnx } from './index.js';

describe('ONNX Runtime in Node conforms', () => {
  let device: Device;
  beforeAll(async () => {
    device = await onnx().open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  it.each(conformanceCases())('$name', ({ run }) => run(device));
});
