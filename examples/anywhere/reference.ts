/** PyTorch's run of the same script, and its data: from the golden values beside the repository. */

import { csv } from '@attune/data';
import { openSafetensors } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { z } from 'zod';
import type { Review, TrainingInput } from './training.js';

const metaSchema = z.looseObject({
  batch: z.int(),
  max_length: z.int(),
  trajectory: z.looseObject({ losses: z.array(z.number()) }),
  dev_accuracy_after: z.number(),
});

/** Input whose model is a directory. */
export type LocalInput = TrainingInput & { readonly model: string };

export interface Reference {
  readonly name: 'PyTorch';
  /** Of all steps. */
  readonly losses: readonly number[];
  /** After all steps, of the test reviews. */
  readonly accuracy: number;
  /** What a place begins with to make the first steps of the run, all of them by default. */
  input(steps?: number): Promise<LocalInput>;
}

const TEST_REVIEWS = 64;

/** @param shared the folder with golden values, data and models */
export async function pytorchRun(shared: string): Promise<Reference> {
  const golden = nodeStorage(`${shared}/golden/real/minilm-sst2-full`);
  const meta = metaSchema.parse(JSON.parse(new TextDecoder().decode(await golden.read('meta.json'))));
  const { losses } = meta.trajectory;
  const tensors = await openSafetensors(golden, 'batch.safetensors');
  const numbers = async (name: string) => Array.from((await tensors.read(name)).data);
  return {
    name: 'PyTorch',
    losses,
    accuracy: meta.dev_accuracy_after,
    input: async (steps = losses.length) => ({
      model: `${shared}/models/all-minilm-l6-v2`,
      head: { weight: await numbers('classifier.weight'), bias: await numbers('classifier.bias') },
      train: await reviews(`${shared}/data/sst2/train.tsv`, meta.batch * steps),
      test: await reviews(`${shared}/data/sst2/dev.tsv`, TEST_REVIEWS),
      steps,
      batch: meta.batch,
      length: meta.max_length,
    }),
  };
}

async function reviews(file: string, count: number): Promise<readonly Review[]> {
  const texts = await csv(file, { text: '1', label: '2' }, { header: false }).take(count).toArray();
  return texts.map(({ text, label }) => ({ text, label: label === '1' ? 'positive' : 'negative' }));
}
