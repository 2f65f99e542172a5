import { add, clamp, crossEntropy, div, greaterEqual, mul, select, sum, type Value } from '@attune/ir';
import { IGNORED_LABEL, type Objective } from '../objective.js';
import { fieldOf, namedValue } from './labels.js';

/**
 * The mean of the cross entropies of an answer's start and end over the tokens: `startLogits` and `endLogits`
 * [batch, tokens], `startPositions` and `endPositions` i32 [batch]. As in transformers, positions behind the tokens are
 * ignored (an answer that was cut off) and negative ones mean the first token.
 */
export function questionAnsweringObjective(): Objective {
  const sides = ['start', 'end'] as const;
  return {
    name: 'question answering',
    options: {},
    countNames: ['starts', 'ends'],
    labelNames: ['startPositions', 'endPositions', 'attentionMask'],
    counts(batch) {
      const tokens = fieldOf(batch, 'attentionMask').type.shape[1]!;
      const inside = (name: string) => fieldOf(batch, name).data.filter((position) => position < tokens).length;
      return { starts: inside('startPositions'), ends: inside('endPositions') };
    },
    loss({ forward, batch, totals }) {
      const outputs = forward();
      const [start, end] = sides.map((side) => {
        const logits = namedValue(outputs, `${side}Logits`);
        const { loss } = crossEntropy(logits, targets(namedValue(batch, `${side}Positions`), logits.type.shape[1]!));
        return div(sum(loss), namedValue(totals, `${side}s`));
      });
      return mul(add(start!, end!), 0.5);
    },
  };
}

function targets(positions: Value, tokens: number): Value {
  return select(greaterEqual(positions, tokens), IGNORED_LABEL, clamp(positions, 0, undefined));
}
