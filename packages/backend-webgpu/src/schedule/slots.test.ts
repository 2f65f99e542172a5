import { describe, expect, it } from 'vitest';
import { planSlots } from './slots.js';

describe('slots', () => {
  it('are shared by values that are never alive together', () => {
    const { sizes, slotOf } = planSlots([
      { values: [1], bytes: 100, first: 0, last: 2 },
      { values: [2], bytes: 100, first: 1, last: 3 },
      { values: [3], bytes: 60, first: 3, last: 4 },
      { values: [4], bytes: 100, first: 4, last: 5 },
    ]);
    expect(sizes).toEqual([100, 100]);
    expect(slotOf.get(3)).toBe(slotOf.get(1));
    expect(slotOf.get(4)).toBe(slotOf.get(2));
  });

  it('are not shared between the operand and the result of one kernel, nor wasted on small values', () => {
    const { sizes } = planSlots([
      { values: [1], bytes: 1000, first: 0, last: 1 },
      { values: [2], bytes: 1000, first: 1, last: 2 },
      { values: [3], bytes: 16, first: 2, last: 3 },
    ]);
    expect(sizes).toEqual([1000, 1000, 16]);
  });
});
