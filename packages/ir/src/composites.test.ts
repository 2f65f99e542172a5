import { describe, expect, it } from 'vitest';
import { type CompositeDefinition, recurrentNames } from './index.js';
import { composites, sampledComposites } from './internal.js';
import { expectExactVjp } from './testing/vjp-check.js';

describe.each(sampledComposites())('$definition.name', ({ definition, samples }) => {
  it.each(samples)('has a vjp that agrees with finite differences: $name', (sample) => {
    expectExactVjp(definition, sample);
  });
});

it('names the composites that go through sequences', () => {
  const recurrent = (Object.values(composites) as readonly CompositeDefinition[]).filter(
    ({ decomposeBy }) => decomposeBy,
  );
  expect(recurrent.map(({ name }) => name)).toEqual([...recurrentNames]);
});
