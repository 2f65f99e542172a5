import { argmaxOf, classificationReport } from '@attune/core';
import { LabelMap } from '@attune/data';
import { z } from 'zod';
import { backendOf } from '../backends.js';
import { dataOptions, modelOption, number, positive, runOptions, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import { formatTable, type Output } from '../output.js';
import { withClassifier } from './classifier.js';
import { encodeTextsOf, openTexts } from './classifier-data.js';

export const evaluateOptions = {
  model: modelOption,
  data: text(z.string(), 'labelled data: CSV, TSV or JSON Lines'),
  ...dataOptions,
  maxLength: number(positive.optional(), "tokens kept of each text; the model's own by default"),
  batchSize: number(positive.default(64), 'examples per batch'),
  ...runOptions,
} as const;

/** `attune evaluate`: accuracy, macro F1, per-class table and the most frequent confusions. */
export async function evaluate(settings: Settings<typeof evaluateOptions>, output: Output): Promise<number> {
  return withClassifier(
    settings.model,
    backendOf(settings.backend, settings.threads),
    async ({ labels, tokenizer, opened, probabilities }) => {
      const texts = openTexts(settings.data, settings);
      const maxLength = settings.maxLength ?? opened.maxLength ?? Math.min(128, opened.loaded.model.maxPositions);
      const { dataset } = await encodeTextsOf(texts, tokenizer, labels, maxLength);
      const map = new LabelMap(labels);
      const truth = (await texts.toArray()).map(({ label, row }) => map.id(label ?? '', texts.name, row));
      const predictions = (await probabilities(dataset, settings.batchSize)).map(argmaxOf);
      const { accuracy, macroF1, perClass, confusions } = classificationReport(truth, predictions, labels);
      const score = (value: number) => value.toFixed(4);
      output.result(
        { accuracy, macroF1, examples: truth.length, perClass, confusions },
        [
          formatTable([
            ['label', 'precision', 'recall', 'f1', 'support'],
            ...perClass.map(({ label, precision, recall, f1, support }) => [
              label,
              score(precision),
              score(recall),
              score(f1),
              String(support),
            ]),
          ]),
          ...confusions.slice(0, 10).map((pair) => `confused: ${JSON.stringify(pair)}`),
          `accuracy ${score(accuracy)}, macro F1 ${score(macroF1)} on ${truth.length} examples`,
        ].join('\n'),
      );
      return exitCodes.ok;
    },
  );
}
