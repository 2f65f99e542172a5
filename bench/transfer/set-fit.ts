/** SetFit on 8 texts of each class beside the library setfit: the same texts of every seed, the same encoder. */
import { onnx } from '@attune/backend-onnx';
import { sampleOf, trainSetFit } from '@attune/compare';
import { rows } from '@attune/data';
import { nodeStorage } from '@attune/hub/node';
import { lastLine, miniLm, python, scripts } from '../common.mjs';
import { inScratch, labelledTexts, writeTexts } from './data.js';
import type { Unit } from './unit.js';

const SHOTS = 8;
const SEEDS = [1, 2, 3, 4, 5];

/** Of two classes all pairs, by the library's default; of 77 so many of either kind for each text, for the time. */
const sets = [
  { set: 'SST-2', pairs: { samplingStrategy: 'oversampling' } },
  { set: 'Banking77', pairs: { numIterations: 2 } },
] as const;

/** What Python prints. */
interface Answer {
  readonly accuracy: number;
}

export const setFitUnits: readonly Unit[] = SEEDS.flatMap((seed) =>
  sets.map(({ set, pairs }) => ({
    library: 'setfit',
    data: `${set}, ${SHOTS} per class`,
    seed,
    run: () =>
      inScratch(async (directory) => {
        const { train, test, labels } = await labelledTexts(set);
        const examples = sampleOf(train, SHOTS, seed);
        const options = {
          train: writeTexts(directory, 'train', examples),
          test: writeTexts(directory, 'test', test),
          ...('numIterations' in pairs ? { 'num-iterations': pairs.numIterations } : {}),
          seed,
        };
        const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
        const peer = await lastLine<Answer>(python, ['set_fit.py', ...flags], scripts);
        const trained = await trainSetFit({
          ...{ model: nodeStorage(miniLm), examples, labels, backend: onnx({ threads: 1 }) },
          options: pairs,
          training: { seed },
        });
        if (!trained) throw new Error('The training ended early.');
        await using classifier = trained;
        const { accuracy = 0 } = await classifier.evaluate(rows(test));
        return { accuracy: { attune: accuracy, peer: peer.accuracy } };
      }),
  })),
);
