/** For tests: the score of an answer in a context, from the float64 interpreter. */
import { padRows, softmaxOf } from '@attune/core/internal';
import { loadTokenizer } from '@attune/hub';
import { openTrainedModel } from '@attune/inference';
import { forwardOutputs } from '@attune/models/testing/forward-outputs';

export interface AnswerPlace {
  readonly question: string;
  readonly context: string;
  readonly start: number;
  readonly end: number;
}

/** The probability of an answer's first token times that of its last, in the window where their logits are largest. */
export async function answerScore(
  path: string,
  { question, context, start, end }: AnswerPlace,
  windows: { readonly maxLength: number; readonly stride: number },
): Promise<number> {
  const { loaded, merged, base } = await openTrainedModel(path);
  const tokenizer = await loadTokenizer(base);
  const texts = [{ text: question, textPair: context }];
  const encodings = await tokenizer.encode(texts, { truncation: 'only_second', ...windows });
  const places = encodings
    .flatMap((encoding) => [encoding, ...encoding.overflowing])
    .flatMap(({ ids, typeIds, offsets, sequenceIds }) => {
      const tokenAt = (side: 0 | 1, place: number) =>
        offsets.findIndex((offset, token) => sequenceIds[token] === 1 && offset[side] === place);
      const [first, last] = [tokenAt(0, start), tokenAt(1, end)];
      if (first < 0 || last < 0) return [];
      const fields = padRows([{ ids, typeIds }], {
        length: ids.length,
        batchSize: 1,
        padTokenId: tokenizer.padTokenId,
      });
      const outputs = forwardOutputs(loaded.model, merged(), fields);
      const [starts, ends] = ['startLogits', 'endLogits'].map((name) => Float32Array.from(outputs.get(name)!.data));
      return [{ logit: starts![first]! + ends![last]!, score: softmaxOf(starts!)[first]! * softmaxOf(ends!)[last]! }];
    });
  return places.reduce((best, place) => (place.logit > best.logit ? place : best)).score;
}
