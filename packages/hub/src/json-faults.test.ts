import { processorClock } from '@attune/testing/processor-clock';
import { expect, test } from 'vitest';
import { jsonFault } from './json-faults.js';

test('audit F7: 400,000 numbers 990 levels deep are read in linear time', () => {
  const text = `${'['.repeat(990)}${'1,'.repeat(400_000)}1${']'.repeat(990)}`;
  const seconds = processorClock();
  expect(jsonFault(text, { maxDepth: 1000 })).toBeUndefined();
  let most = 0;
  const numberProblem = (_: string, keys: readonly unknown[]): undefined => {
    most = Math.max(most, keys.length);
  };
  jsonFault(text, { maxDepth: 1000, numberProblem });
  expect(most).toBeLessThan(10);
  expect(seconds()).toBeLessThan(5);
});
