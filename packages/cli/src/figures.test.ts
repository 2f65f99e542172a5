import { percentage } from '@attune/tasks';
import { expect, it } from 'vitest';
import { counted, metricList } from './figures.js';

it.each([
  [1, '100.0%'],
  [0.123456, '12.3%'],
  [0.001, '0.1%'],
  [0.00099, '0.099%'],
  [0.0004321, '0.043%'],
  [0.00001, '0.0010%'],
  [2.3e-6, '0.00023%'],
  [1.1e-6, '0.00011%'],
  [3e-9, '<0.0001%'],
  [0, '0.0%'],
])('field 40: the share %f is %s', (share, text) => expect(percentage(share)).toBe(text));

it('field 40: one spelling of metrics, one row is no rows', () => {
  expect(metricList({ loss: 0.5, macroF1: 0.25, exactMatch: 1 })).toBe(
    'loss 0.5000, macro F1 0.2500, exact match 1.0000',
  );
  expect([counted(1, 'row'), counted(0, 'row'), counted(2000, 'example')]).toEqual([
    '1 row',
    '0 rows',
    '2,000 examples',
  ]);
});
