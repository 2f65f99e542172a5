/** Linear layers that are there for training only, such as those that lead a narrow student to its teacher's width. */
import { AttuneError, type HostTensor } from '@attune/ir';
import { describeModel } from '../describe-model.js';
import { initialize } from '../initializer.js';
import type { Model } from '../model.js';
import { linear } from '../nn/layers.js';
import { namedValue } from '../objectives/labels.js';
import type { TrainableModel } from './trainable-model.js';

export interface Projection {
  /** The output of the model that is projected along its last axis, for instance `meanPooled` or `hiddenStates.4`. */
  readonly from: string;
  /** The name of the output that this adds. */
  readonly to: string;
  readonly width: number;
}

const PREFIX = 'projections';

/**
 * The model with further outputs, each a linear map (without a bias) of one that it has: TinyBERT's way to learn from a
 * wider teacher (Jiao et al. 2019, arXiv 1909.10351). Their parameters, `projections.<to>.weight` [width, own width], train
 * with the model's own and are left out where it is saved.
 * @param options.seed of the new parameters, which begin normal with the deviation 1 / sqrt(own width); 0 by default
 * @throws AttuneError `E_CONFIG` for a name that the model has already, `E_PROGRAM` for an output that it does not have
 */
export function withProjections<Answer, Input>(
  trainable: TrainableModel<Answer, Input>,
  projections: readonly Projection[],
  { seed = 0 }: { readonly seed?: number } = {},
): TrainableModel<Answer, Input> {
  const own = trainable.model;
  const model: Model = {
    ...own,
    forward(scope, inputs) {
      const outputs = own.forward(scope, inputs);
      const added = projections.map(({ from, to, width }) => {
        if (to in outputs) throw taken(to);
        const x = namedValue(outputs, from);
        const standardDeviation = 1 / Math.sqrt(x.type.shape.at(-1)!);
        const initializer = { kind: 'normal', standardDeviation } as const;
        return [to, linear(scope.child(PREFIX), to, x, width, { bias: false, initializer })] as const;
      });
      return { ...outputs, ...Object.fromEntries(added) };
    },
  };
  const isOwn = (name: string) => !name.startsWith(`${PREFIX}.`);
  const begun = describeModel(model).parameters.flatMap(({ name, type, initializer }) =>
    isOwn(name) || !initializer ? [] : [[name, initialize(initializer, type, seed, name)] as const],
  );
  const { save } = trainable;
  return {
    ...trainable,
    model,
    weights: new Map([...trainable.weights, ...begun]),
    ...(save
      ? {
          save: (target, weights: ReadonlyMap<string, HostTensor>) =>
            save(target, new Map([...weights].filter(([name]) => isOwn(name)))),
        }
      : {}),
  };
}

const taken = (name: string): AttuneError =>
  new AttuneError('E_CONFIG', `The model has an output "${name}" already; a projection needs a name of its own.`, {
    field: name,
  });
