/** Methods that train a model by the Trainer, with the arguments that it chooses for the model and the data. */
import { type Strategy, Trainer, type TrainingArgumentsInput } from '@attune/core';
import { softmaxOf } from '@attune/core/internal';
import { encodeTexts, rows } from '@attune/data';
import type { Storage } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { type LoadedModel, taskModel } from '@attune/models';
import { sequenceClassificationTask } from '@attune/tasks';
import type { Method, MethodTask, TrainedMethod } from './method.js';
import type { Trained, WithReplay } from './without-forgetting.js';

type Strategies = Strategy | readonly Strategy[];

export interface TrainerMethod extends Omit<Method, 'train'> {
  load(task: MethodTask): Promise<LoadedModel>;
  strategy(task: MethodTask, loaded: LoadedModel): Strategies | Promise<Strategies>;
  /** What it minimizes and learns from beside the labelled texts; their cross entropy alone by default. */
  against?(task: MethodTask, model: Trained): Promise<Partial<WithReplay>>;
  /** Whether it trains the pretrained model's own weights, or an adapter over them; false by default. */
  readonly startsFromModel?: boolean;
  /** Training arguments in place of those that the Trainer chooses. */
  readonly arguments?: TrainingArgumentsInput;
}

export const trainerMethod = ({
  load,
  strategy,
  against,
  arguments: own,
  startsFromModel,
  ...method
}: TrainerMethod): Method => ({
  ...method,
  async train(task) {
    const loaded = await load(task);
    const how = { strategy: await strategy(task, loaded), ...own };
    const { tunedWeights, ...made } = await trained(loaded, how, task, against);
    return { ...made, ...(startsFromModel && tunedWeights ? { tunedWeights } : {}) };
  },
});

async function trained(
  loaded: LoadedModel,
  how: { readonly strategy: Strategies } & TrainingArgumentsInput,
  task: MethodTask,
  against?: TrainerMethod['against'],
): Promise<TrainedMethod> {
  const { examples, maxLength = 128, seed, backend, signal, onProgress } = task;
  const length = Math.min(maxLength, loaded.model.maxPositions);
  const model = await taskModel(loaded, sequenceClassificationTask, { maxLength: length });
  const { objective, data } = (await against?.(task, model)) ?? {};
  const examplesOf = rows(examples);
  const train = data ? data((await model.encode(examplesOf, { signal })).dataset) : examplesOf;
  const trainer = new Trainer({ model, train, ...(objective ? { objective } : {}), backend, seed, ...how });
  let [trainableParameters, parameters, steps] = [0, 0, 1];
  try {
    for await (const event of trainer.train({ signal })) {
      if (event.type === 'start') ({ trainableParameters, parameters, steps } = event);
      if (event.type === 'step') onProgress(event.step / steps);
      if (event.type === 'end' && event.reason === 'aborted') signal.throwIfAborted();
    }
  } catch (error) {
    await trainer[Symbol.asyncDispose]();
    throw error;
  }
  return {
    trainableParameters,
    storedBytes: 4 * (trainer.adapted.adaptation.adapter ? trainableParameters : parameters),
    async probabilities(texts) {
      const options = { maxLength: length, multipleOf: 16, signal };
      const { dataset } = await encodeTexts(rows(texts), model.tokenizer, options);
      return (await trainer.predict(dataset, 'logits', signal)).map(softmaxOf);
    },
    async tunedWeights() {
      const weights = await trainer.weights();
      return trainer.adapted.adaptation.merge?.(weights) ?? weights;
    },
    save: (target) => trainer.save(target),
    [Symbol.asyncDispose]: () => trainer[Symbol.asyncDispose](),
  };
}

/** The pretrained model's directory. @throws AttuneError `E_CONFIG` without one */
export function modelOf({ model }: MethodTask, method: string): Storage {
  if (model) return model;
  throw new AttuneError('E_CONFIG', `${method} starts from a pretrained model.`, {
    field: 'model',
    hint: 'Name one: --model DIR, or { model } in code.',
  });
}
