import { encodeTexts, rows } from '@attune/data';
import { AttuneError } from '@attune/ir';
import { z } from 'zod';
import { backendOf } from '../backends.js';
import { dataOptions, modelOption, number, positive, runOptions, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import type { Output } from '../output.js';
import { withClassifier } from './classifier.js';
import { openTexts } from './classifier-data.js';

export const predictOptions = {
  model: modelOption,
  text: text(z.string().optional(), 'a text to classify'),
  data: text(z.string().optional(), 'a file of texts to classify'),
  ...dataOptions,
  maxLength: number(positive.optional(), "tokens kept of each text; the model's own by default"),
  batchSize: number(positive.default(64), 'examples per batch'),
  ...runOptions,
} as const;

/** `attune predict`: labels with probabilities, most probable first. */
export async function predict(settings: Settings<typeof predictOptions>, output: Output): Promise<number> {
  if ((settings.text === undefined) === (settings.data === undefined)) {
    throw new AttuneError('E_CONFIG', 'predict needs either --text or --data.', { field: 'text' });
  }
  return withClassifier(
    settings.model,
    backendOf(settings.backend, settings.threads),
    async ({ labels, tokenizer, opened, probabilities }) => {
      const texts =
        settings.data === undefined
          ? rows([{ text: settings.text ?? '' }], { name: '--text' })
          : openTexts(settings.data, settings, false);
      const maxLength = settings.maxLength ?? opened.maxLength ?? Math.min(128, opened.loaded.model.maxPositions);
      const { dataset } = await encodeTexts(texts, tokenizer, { maxLength });
      const answers = (await probabilities(dataset, settings.batchSize)).map((row) =>
        Array.from(row, (probability, id) => ({ label: labels[id]!, probability })).sort(
          (a, b) => b.probability - a.probability,
        ),
      );
      const sources = await texts.toArray();
      const predictions = answers.map((ranked, index) => ({
        text: sources[index]!.text,
        label: ranked[0]!.label,
        labels: ranked,
      }));
      const single = settings.data === undefined ? predictions[0] : undefined;
      output.result(
        single ?? { predictions },
        predictions
          .map(({ text: source, labels: ranked }) => {
            const best = ranked
              .slice(0, 3)
              .map(({ label, probability }) => `${label} ${(100 * probability).toFixed(1)}%`);
            return `${source}\n  ${best.join(', ')}`;
          })
          .join('\n'),
      );
      return exitCodes.ok;
    },
  );
}
