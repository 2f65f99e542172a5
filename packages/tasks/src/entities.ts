/** Entities of a text from the scores of its tokens, by the rules of transformers' TokenClassificationPipeline. */
import { argmaxOf } from '@attune/core';

/**
 * `first`: a word has the tag of its first token. `simple`: every token has its own, so that a word may be cut. Then
 * neighbours with the same type are one entity, but before a `B-`.
 */
export type AggregationStrategy = 'first' | 'simple';

export const aggregationStrategies = ['first', 'simple'] as const satisfies readonly AggregationStrategy[];

/** An entity of a text. */
export interface TextEntity {
  /** The type: `person` of the tags `B-person` and `I-person`. */
  readonly label: string;
  readonly text: string;
  /** In UTF-16 units of the text, as `String.slice` takes them. */
  readonly start: number;
  readonly end: number;
  /** The mean probability of its words' tags, or its tokens'. */
  readonly score: number;
}

/** A token of a text with the probabilities of the tags. */
export interface ScoredToken {
  /** Tokens of one word share it. */
  readonly word: number;
  readonly start: number;
  readonly end: number;
  readonly scores: Float32Array;
}

interface Tagged {
  readonly begins: boolean;
  readonly type: string;
  readonly score: number;
  readonly start: number;
  end: number;
}

/**
 * @param tags names of the tags in the order of the scores; `O` is no entity
 * @param text what the tokens' places count in
 */
export function groupTokens(
  tokens: readonly ScoredToken[],
  tags: readonly string[],
  text: string,
  strategy: AggregationStrategy,
): readonly TextEntity[] {
  const groups: Tagged[][] = [];
  for (const part of partsOf(tokens, tags, strategy)) {
    const group = groups.at(-1);
    if (group && group.at(-1)!.type === part.type && !part.begins) group.push(part);
    else groups.push([part]);
  }
  return groups
    .filter(([first]) => first!.type !== 'O')
    .map((group) => {
      const { type, start } = group[0]!;
      const { end } = group.at(-1)!;
      const score = group.reduce((sum, part) => sum + part.score, 0) / group.length;
      return { label: type, text: text.slice(start, end), start, end, score };
    });
}

/** Words or tokens, each with its tag. */
function partsOf(tokens: readonly ScoredToken[], tags: readonly string[], strategy: AggregationStrategy): Tagged[] {
  const parts: Tagged[] = [];
  let previous: number | undefined;
  for (const { word, start, end, scores } of tokens) {
    if (strategy === 'first' && word === previous) {
      parts.at(-1)!.end = end;
      continue;
    }
    previous = word;
    const best = argmaxOf(scores);
    parts.push({ ...parseTag(tags[best]!), score: scores[best]!, start, end });
  }
  return parts;
}

const parseTag = (tag: string): Pick<Tagged, 'begins' | 'type'> => ({
  begins: tag.startsWith('B-'),
  type: /^[BI]-/.test(tag) ? tag.slice(2) : tag,
});
