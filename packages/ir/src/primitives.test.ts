import { describe, it } from 'vitest';
import { type PrimitiveDefinition, primitives } from './index.js';
import { expectExactVjp } from './testing/vjp-check.js';

describe.each(Object.values(primitives) as readonly PrimitiveDefinition[])('$name', (definition) => {
  it.each(definition.samples)('has the gradient of finite differences: $name', (sample) => {
    expectExactVjp(definition, sample);
  });
});
