/** TF-IDF under logistic regression beside scikit-learn's: with its defaults, and as `attune compare` has it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onnx } from '@attune/backend-onnx';
import { LogisticRegression, methodNamed, Tfidf } from '@attune/compare';
import { argmaxOf } from '@attune/core';
import { lastLine, python, scripts } from '../common.mjs';
import { inScratch, type LabelledTexts, labelledTexts, type SetName, writeTexts } from './data.js';
import type { Unit } from './unit.js';

/** What Python prints. */
interface Answer {
  readonly accuracy: number;
  readonly gap: number;
}

type Probabilities = readonly ArrayLike<number>[];

async function byDefaults({ train, test, labels }: LabelledTexts): Promise<Probabilities> {
  const terms = Tfidf.fit(train.map(({ text }) => text));
  const model = await LogisticRegression.fit(
    train.map(({ text }) => terms.transform(text)),
    train.map(({ label = '' }) => labels.indexOf(label)),
    { classes: labels.length, width: terms.vocabulary.size },
  );
  return test.map(({ text }) => model.probabilities(terms.transform(text)));
}

async function asCompared({ train, test, labels }: LabelledTexts): Promise<Probabilities> {
  await using model = await methodNamed('tf-idf').train({
    ...{ examples: train, labels, seed: 0, backend: onnx() },
    signal: new AbortController().signal,
    onProgress() {},
  });
  return await model.probabilities(test);
}

const kinds = { words: byDefaults, 'words and characters': asCompared } as const;

const cases = (['SST-2', 'Banking77', 'MedQuAD', 'unfair ToS', 'SIB-200, English'] as const).flatMap((set) =>
  (Object.keys(kinds) as (keyof typeof kinds)[]).map((kind): readonly [SetName, keyof typeof kinds] => [set, kind]),
);

export const tfIdfUnits: readonly Unit[] = cases.map(([set, kind]) => ({
  library: 'scikit-learn',
  data: `${set}, ${kind}`,
  run: () =>
    inScratch(async (directory) => {
      const texts = await labelledTexts(set);
      const [train, test] = [writeTexts(directory, 'train', texts.train), writeTexts(directory, 'test', texts.test)];
      const output = join(directory, 'probabilities');
      const flags = Object.entries({ train, test, kind, output }).flatMap(([name, value]) => [`--${name}`, value]);
      const stopped = await lastLine<Answer>(python, ['tf_idf.py', ...flags], scripts);
      const theirs = new Float64Array(new Uint8Array(readFileSync(output)).buffer);
      const ours = await kinds[kind](texts);
      const width = texts.labels.length;
      const peers = ours.map((_, row) => theirs.subarray(row * width, (row + 1) * width));
      return {
        accuracy: { attune: accuracyOf(ours, texts), peer: accuracyOf(peers, texts) },
        'accuracy, its default tolerance': { attune: accuracyOf(ours, texts), peer: stopped.accuracy },
        'probabilities from its minimum': { attune: largestGap(ours, peers), peer: stopped.gap },
      };
    }),
}));

function accuracyOf(probabilities: Probabilities, { test, labels }: LabelledTexts): number {
  const right = test.filter(({ label }, row) => labels[argmaxOf(probabilities[row]!)] === label);
  return right.length / test.length;
}

function largestGap(ours: Probabilities, theirs: Probabilities): number {
  const gaps = ours.map((row, index) =>
    Math.max(...Array.from(row, (value, label) => Math.abs(value - theirs[index]![label]!))),
  );
  return Math.max(...gaps);
}
