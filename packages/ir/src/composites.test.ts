import { describe, it } from 'vitest';
import { type CompositeDefinition, composites } from './index.js';
import { expectExactVjp } from './testing/vjp-check.js';

describe.each(Object.values(composites) as readonly CompositeDefinition[])('$name', (definition) => {
  it.each(definition.samples)('has a vjp that agrees with finite differences: $name', (sample) => {
    expectExactVjp(definition, sample);
  });
});
