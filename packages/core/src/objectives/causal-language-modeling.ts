/** The next token, from those before it. */
import { concat, type HostTensor, hostTensor, sliceAxis } from '@attune/ir';
import { IGNORED_LABEL, type Objective } from '../objective.js';
import { type ClassificationOptions, maskedLanguageModeling } from './classification.js';
import { fieldOf, namedValue, nextLabels } from './labels.js';

/**
 * Softmax cross entropy of each token, by what the model says at the one before it: `logits` [batch, tokens, classes],
 * `labels` i32 [batch, tokens], which are the tokens themselves, or -100 for those that are not to be learned. The first
 * token of a row is not a target, unless virtual tokens stand in front of it. Rows that go on in the next batch have one label more, the token that follows.
 */
export function causalLanguageModeling(options: ClassificationOptions): Objective {
  const entropy = maskedLanguageModeling(options);
  return {
    ...entropy,
    name: 'causal language modeling',
    counts(batch, model) {
      const labels = fieldOf(batch, 'labels');
      return entropy.counts({ labels: model?.predictsFirstToken ? labels : nextHostLabels(labels) });
    },
    loss(context) {
      const { logits, logitsBefore } = context.forward();
      if (logits && logitsBefore) {
        const shifted = concat([logitsBefore, sliceAxis(logits, 1, 0, logits.type.shape[1]! - 1)], 1);
        return entropy.loss({ ...context, forward: () => ({ logits: shifted }) });
      }
      const tokens = namedValue(context.forward(), 'logits').type.shape[1];
      return entropy.loss({ ...context, batch: { labels: nextLabels(namedValue(context.batch, 'labels'), tokens) } });
    },
  };
}

/** As `nextLabels`, on the host. */
function nextHostLabels({ type, data }: HostTensor): HostTensor {
  const tokens = type.shape[1]!;
  const next = new Int32Array(data.length).fill(IGNORED_LABEL);
  for (let index = 0; index < data.length; index++) if ((index + 1) % tokens > 0) next[index] = data[index + 1]!;
  return hostTensor(type.shape, next, 'i32');
}
