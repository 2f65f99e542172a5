/** What the teacher makes of texts. */
import { Predictor } from '@attune/core';
import { embedTexts, type RowVectors } from '@attune/data';
import { loadTokenizer, type Storage } from '@attune/hub';
import type { Backend } from '@attune/ir';
import { loadModel } from '@attune/models';

/** Tokens of a text that teacher and student read. */
export const TEACHER_LENGTH = 128;

export interface StageContext {
  readonly backend: Backend;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** The teacher's embeddings of the texts, from files where they are there. */
export async function teach(
  texts: readonly string[],
  teacher: Storage,
  cache: Storage,
  { backend, signal, log }: StageContext,
): Promise<RowVectors> {
  const model = await loadModel(teacher, { task: 'feature-extraction' });
  await using predictor = await Predictor.open(model, { backend });
  const start = performance.now();
  return await embedTexts(texts, predictor, {
    tokenizer: await loadTokenizer(teacher),
    maxLength: TEACHER_LENGTH,
    cache,
    teacher: teacher.name.split('/').at(-1) ?? '',
    signal,
    onProgress: (done, total) =>
      log(`teacher: ${done}/${total} texts, ${((performance.now() - start) / 1000).toFixed(0)} s`),
  });
}
