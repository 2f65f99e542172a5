import { Predictor } from '@attune/core';
import { encodeTexts, rows, type TextExample, truncationWarnings } from '@attune/data';
import { EMBEDDING, openEmbeddingModel } from '@attune/inference';
import { openPlainTexts, poolings, textsAsked } from '@attune/tasks';
import { z } from 'zod';
import { type AnswerRecord, columnsByRow, recordJson, recordLines } from '../answer-records.js';
import { chosenBackend } from '../backends.js';
import type { CommandContext } from '../command-context.js';
import { dataOptions, flag, modelOption, number, positive, runOptions, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import { withPipe } from '../piped-input.js';
import { interruptible } from '../signals.js';
import { recordOptions, recordTarget, standardRecords } from './record-target.js';
import { skippedRows } from './skipped-rows.js';

const { textColumn, delimiter, quote, noHeader, onBadRow } = dataOptions;

export const embedOptions = {
  model: modelOption,
  text: text(z.string().optional(), 'a text'),
  data: text(z.string().optional(), 'a file of texts; - for standard input, a text a line'),
  ...{ textColumn, delimiter, quote, noHeader, onBadRow },
  maxLength: number(positive.optional(), "tokens kept of each text; the model's own by default"),
  pooling: text(z.enum(poolings).optional(), "how tokens become a vector; the model's own, else mean by default"),
  noNormalize: flag(z.boolean().default(false), 'leaves vectors as long as they are, in place of the length 1'),
  batchSize: number(positive.default(64), 'texts per batch'),
  ...recordOptions,
  keepColumns: flag(z.boolean().default(false), "vectors carry the columns of the input's rows"),
  ...runOptions,
} as const;

/** Texts that are turned into vectors and written together. */
const CHUNK = 1000;

/** `attune embed`: a vector for each text, as JSON Lines or CSV. */
export async function embed(given: Settings<typeof embedOptions>, { output, signal }: CommandContext): Promise<number> {
  const settings = withPipe(given, given.text !== undefined);
  const { data, piped, batchSize } = settings;
  const target = (await recordTarget(settings)) ?? (settings.json ? undefined : standardRecords('jsonl'));
  const backend = await chosenBackend(settings, output.note);
  const { model, weights, tokenizer, maxLength } = await interruptible(signal, () =>
    openEmbeddingModel(settings.model, { ...settings, normalize: !settings.noNormalize }),
  );
  const inputOf = ({ text: content }: TextExample) => content;
  const { asked, skipped } = await interruptible(signal, () =>
    textsAsked(settings, (file) => openPlainTexts(file, settings), inputOf),
  );
  const columns = settings.keepColumns ? await interruptible(signal, () => columnsByRow(data, settings)) : undefined;
  const source = piped?.name ?? data;
  if (skipped.length > 0) output.warn(skippedRows(skipped, source));
  await using predictor = await Predictor.open({ model, weights }, { backend, batchSize });
  const kept: AnswerRecord[] = [];
  const cut: boolean[] = [];
  try {
    for (let start = 0; start < asked.length; start += CHUNK) {
      signal.throwIfAborted();
      const chunk = asked.slice(start, start + CHUNK);
      const texts = rows(chunk.map(({ input }) => ({ text: input })));
      const encoded = await interruptible(signal, () =>
        encodeTexts(texts, tokenizer, { maxLength, multipleOf: 32, signal }),
      );
      for (const { truncated } of encoded.examples) cut.push(truncated);
      const vectors = await predictor.outputs(encoded.dataset, EMBEDDING, signal);
      const records = chunk.map(({ input, row }, index) =>
        recordOf(input, vectors[index]!, { row, columns: columns?.get(row ?? 0) }),
      );
      if (target) await target.write(recordLines(records, target.format, start === 0));
      else kept.push(...records);
      if (asked.length > CHUNK) output.note(`embedded ${start + chunk.length} of ${asked.length} texts`);
    }
  } catch (error) {
    await target?.abort();
    throw error;
  }
  for (const message of truncationWarnings(
    cut.map((truncated) => ({ truncated })),
    `texts${source === undefined ? '' : ` of ${source}`}`,
    maxLength,
  )) {
    output.warn(message);
  }
  if (target) await target.close({ answered: asked.length, failed: 0, skipped: skipped.length }, output);
  else output.result(source === undefined && kept[0] ? recordJson(kept[0]) : { embeddings: kept.map(recordJson) }, '');
  return exitCodes.ok;
}

function recordOf(input: string, vector: Float32Array, from: Pick<AnswerRecord, 'row' | 'columns'>): AnswerRecord {
  const embedding = Array.from(vector, shortest);
  const cells = Object.fromEntries(embedding.map((value, index) => [`embedding_${index}`, value]));
  return { ...from, json: { text: input, embedding }, cells: { text: input, ...cells } };
}

/** As many digits as tell one f32 from all others. */
const shortest = (value: number): number => Number(value.toPrecision(9));
