import { csv, rows, type TextDataset } from '@attune/data';
import type { Settings } from '../protocol.js';

export interface Examples {
  readonly train: TextDataset;
  /** A tenth of the rows, where that is enough to measure by. */
  readonly evaluation: TextDataset | undefined;
  readonly labels: readonly string[];
}

/** The rows of a CSV, a tenth of them set aside. Rows without a text or a label are left out. */
export async function splitExamples(data: File, columns: Settings['columns']): Promise<Examples> {
  const all = csv(data, columns, { onBadRow: 'skip' });
  const labels = await all.labels();
  const count = (await all.toArray()).length;
  if (count < 50) return { train: all, evaluation: undefined, labels };
  const { train, test } = all.split({ test: 0.1, seed: 0 });
  return {
    train: rows(await train.toArray(), { name: data.name }),
    evaluation: rows(await test.toArray(), { name: data.name }),
    labels,
  };
}
