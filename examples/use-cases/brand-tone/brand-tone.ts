/** Tells the tone of a line of copy, from forty topics that were written in three tones (SetFit). */
import { readFile } from 'node:fs/promises';
import { trainSetFit } from '@attune/compare';
import { nodeStorage } from '@attune/hub/node';
import { rows } from 'attune';
import { onnx } from 'attune/onnx';

const tones = ['formal', 'playful', 'warm'] as const;

export interface BrandToneOptions {
  readonly model: string;
  /** The topics, each in all tones; those in this folder by default. */
  readonly copy?: string;
  /** Pairs of either kind for each line. */
  readonly numIterations: number;
  /** Topics that are learned from and measured on; all by default. */
  readonly take?: number;
}

/** Every third topic is measured on: no line is about something that the model was trained on. */
export async function brandTone({ model, copy, numIterations, take }: BrandToneOptions) {
  const text = await readFile(copy ?? new URL('copy.jsonl', import.meta.url), 'utf8');
  const topics: readonly Record<string, string>[] = text
    .trim()
    .split('\n')
    .slice(0, take)
    .map((line) => JSON.parse(line));
  const lines = (isTested: boolean) =>
    topics
      .filter((_, index) => (index % 3 === 2) === isTested)
      .flatMap((topic, row) => tones.map((label) => ({ text: topic[label] ?? '', label, row })));
  const classifier = await trainSetFit({
    model: nodeStorage(model),
    examples: lines(false),
    labels: tones,
    backend: onnx(),
    maxLength: 48,
    options: { numIterations },
  });
  if (!classifier) throw new Error('Training was interrupted.');
  await using trained = classifier;
  const { accuracy, macroF1 } = await trained.evaluate(rows(lines(true)));
  const answer = await trained.predict('Pack your bags, sunshine, your parcel is coming to party.');
  return { accuracy, macroF1, answer: answer.label };
}
