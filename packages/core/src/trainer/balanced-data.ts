import { AttuneError } from '@attune/ir';
import type { TokenizedDataset } from '../dataset.js';

/** Data whose epochs have as many examples of every class. @throws AttuneError `E_CONFIG` for data without classes */
export async function balancedData(train: TokenizedDataset): Promise<TokenizedDataset> {
  if (train.balanced) return train.balanced();
  const message = 'balancedSampling is for one label per text, and these data have no such classes.';
  throw new AttuneError('E_CONFIG', message, { field: 'balancedSampling' });
}
