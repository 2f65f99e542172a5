import { softmaxOf } from '@attune/core/internal';
import { encodeTexts, rows } from '@attune/data';
import { loadTokenizer } from '@attune/hub';
import type { Method } from '../method.js';
import { modelOf } from '../trainer-method.js';
import { trainSetFit } from './set-fit.js';

/** The method for a handful of texts per class. */
export const setFitMethod: Method = {
  name: 'setfit',
  title: 'SetFit: the encoder tuned on pairs, under logistic regression',
  needsModel: true,
  async train(task) {
    const { examples, labels, backend, maxLength = 128, seed, signal, onProgress } = task;
    const model = modelOf(task, 'setfit');
    const tokenizer = await loadTokenizer(model);
    let steps = 1;
    const trainer = await trainSetFit({
      model,
      examples,
      labels,
      backend,
      maxLength,
      training: { seed },
      train: { signal },
      onEvent(event) {
        if (event.type === 'start') ({ steps } = event);
        if (event.type === 'step') onProgress(event.step / steps);
      },
    });
    if (!trainer) throw signal.reason;
    const parameters = [...trainer.adapted.weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    return {
      trainableParameters: parameters,
      storedBytes: 4 * parameters,
      async probabilities(texts) {
        const options = { maxLength, multipleOf: 16, signal };
        const { dataset } = await encodeTexts(rows(texts), tokenizer, options);
        return (await trainer.predict(dataset, 'logits', signal)).map(softmaxOf);
      },
      tunedWeights: () => trainer.weights(),
      save: (target) => trainer.save(target),
      [Symbol.asyncDispose]: () => trainer[Symbol.asyncDispose](),
    };
  },
};
