import { decoderStep } from '@attune/conformance';
import { expect, it } from 'vitest';
import { updatesInPlace } from './in-place.js';

it('are the caches of a decoder', () => {
  const program = decoderStep();
  const names = [...updatesInPlace(program).keys()].map((output) => program.outputs[output]!.name);
  expect(names).toEqual(['keys', 'values']);
});
