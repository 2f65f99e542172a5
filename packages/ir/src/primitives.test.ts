import { describe, it } from 'vitest';
import { sampledPrimitives } from './internal.js';
import { expectExactVjp } from './testing/vjp-check.js';

describe.each(sampledPrimitives())('$definition.name', ({ definition, samples }) => {
  it.each(samples)('has the gradient of finite differences: $name', (sample) => {
    expectExactVjp(definition, sample);
  });
});
