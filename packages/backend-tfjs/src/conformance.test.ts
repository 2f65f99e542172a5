import { conformanceCases } from '@attune/conformance';
import type { Device } from '@attune/ir';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { tfjs } from './index.js';
import { testedFlavours } from './testing/tested-flavours.js';

describe.each(testedFlavours)('TensorFlow.js conforms on %s', (flavour) => {
  let device: Device;
  beforeAll(async () => {
    device = await tfjs({ flavour }).open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  it.each(conformanceCases())('$name', ({ run }) => run(device));
});
