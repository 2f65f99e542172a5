import { hostTensor } from '@attune/ir';
import { expect, test } from 'vitest';
import { partsOf } from './batch-parts.js';

test('parts of pairs have both texts of their examples, the last part those that are left', () => {
  const batch = {
    tensors: {
      inputIds: hostTensor([6, 2], [11, 11, 12, 12, 13, 13, 21, 21, 22, 22, 23, 23], 'i32'),
      labels: hostTensor([3], [1, 2, 3]),
    },
    rows: [7, 8, 9],
    indices: [0, 1, 2],
    tokens: 12,
  };
  const found = partsOf(batch, 2, 2).map(({ tensors: { inputIds, labels }, rows }) => ({
    inputIds: [inputIds!.type.shape, [...inputIds!.data]],
    labels: [...labels!.data],
    rows,
  }));
  expect(found).toEqual([
    {
      inputIds: [
        [4, 2],
        [11, 11, 12, 12, 21, 21, 22, 22],
      ],
      labels: [1, 2],
      rows: [7, 8],
    },
    {
      inputIds: [
        [2, 2],
        [13, 13, 23, 23],
      ],
      labels: [3],
      rows: [9],
    },
  ]);
});
