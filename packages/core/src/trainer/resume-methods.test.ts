import { MemoryStorage } from '@attune/hub';
import { l2Sp, lora } from '@attune/strategies';
import { describe, expect, test } from 'vitest';
import { verifyCheckpoint } from '../checkpoint/manifest.js';
import type { TokenizedDataset } from '../dataset.js';
import { optimizerNames } from '../optimizers/from-options.js';
import type { Strategy } from '../strategy.js';
import { tinyDataset, tinyExamples, tinyFull, tinyHead } from './testing/tiny.js';
import { collect, numbersOf, tinyTrainer } from './testing/tiny-trainer.js';
import type { TrainerOptions } from './trainer-options.js';

/** With states of different kinds: none, one and two per parameter, factored, and by orthogonal matrices. */
const differing = ['sgd', 'lion', 'adamw', 'adafactor', 'muon'] as const;

const methods: Readonly<
  Record<string, readonly [Strategy, typeof optimizerNames | typeof differing | readonly ['adamw']]>
> = {
  'all parameters': [tinyFull, optimizerNames],
  'the head': [tinyHead, differing],
  'all parameters, with L2-SP': [l2Sp({ alpha: 1 }), ['adamw']],
  'LoRA with dropout': [lora({ r: 2, dropout: 0.3, targetModules: ['encoder'] }), differing],
};

/** One epoch, of which a step is two micro-batches. */
const STEPS = 3;

/** The data set, which calls `reached` when the micro-batch of that number, counted from 1, is made. */
function watched(dataset: TokenizedDataset, number: number, reached: () => void): TokenizedDataset {
  let made = 0;
  return {
    ...dataset,
    // Batches of training are shuffled; the others are looked at before it.
    batches: (options) =>
      dataset.batches(options).map((make) => () => {
        if (!options.shuffle) return make();
        made += 1;
        if (made === number) reached();
        return make();
      }),
  };
}

async function finish(output: MemoryStorage, options: Partial<TrainerOptions>) {
  await using trainer = tinyTrainer(output, options);
  await collect(trainer, { resume: true });
  const verdict = await verifyCheckpoint(output, `checkpoint-${STEPS}`);
  return { weights: numbersOf(await trainer.weights()), files: verdict.valid && verdict.manifest.files };
}

describe.each(Object.entries(methods))('T18: %s', (_, [strategy, optimizers]) => {
  test.each(optimizers)('%s, stopped within an accumulation', async (optim) => {
    const train = tinyDataset(tinyExamples(11));
    const options = {
      strategy,
      optim,
      train,
      maxSteps: STEPS,
      evalStrategy: 'no',
    } as const;
    const expected = await finish(new MemoryStorage(), options);
    const output = new MemoryStorage();
    const controller = new AbortController();
    // The third is the first of step 2.
    const stopping = watched(train, 3, () => controller.abort(new Error('enough')));
    await using stopped = tinyTrainer(output, { ...options, train: stopping });
    const events = await collect(stopped, { signal: controller.signal });
    expect(events.at(-1)).toMatchObject({ reason: 'aborted', step: 2 });
    expect(await finish(output, options)).toEqual(expected);
  });

  test('left within an accumulation, without a checkpoint of that step', async () => {
    const train = tinyDataset(tinyExamples(11));
    const options = { strategy, train, saveSteps: 1, maxSteps: STEPS };
    const expected = await finish(new MemoryStorage(), options);
    const output = new MemoryStorage();
    const broken = watched(train, 4, () => {
      throw new Error('the process is gone');
    });
    await expect(collect(tinyTrainer(output, { ...options, train: broken }))).rejects.toThrow('the process is gone');
    expect(await finish(output, options)).toEqual(expected);
  });
});
