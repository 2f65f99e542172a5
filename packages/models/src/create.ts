/** Models without files: an architecture from scratch. */
import type { ParameterSpec } from '@attune/core';
import { describeModel } from '@attune/core/internal';
import { MemoryStorage, type ModelConfig, type Storage } from '@attune/hub';
import { AttuneError, type HostTensor, sameShape } from '@attune/ir';
import { begin } from './begin.js';
import { type LoadedModel, withMethods } from './loaded-model.js';
import { type ModelOptions, modelOf } from './model-of.js';

export interface CreateOptions extends ModelOptions {
  /** Seed of all parameters; 0 by default. */
  readonly seed?: number;
  /** A directory with the tokenizer's files, which `save` copies; none by default. */
  readonly tokenizer?: Storage;
  /** Parameters that do not start at random, by their names, such as word vectors; none by default. */
  readonly weights?: ReadonlyMap<string, HostTensor>;
}

/**
 * A model of a configuration whose parameters all begin anew, as a function of the seed and their names: BERT's matrices
 * normal with `initializer_range`, biases 0, norms the identity (Devlin et al. 2018). `loadModel` reads files instead and
 * refuses those that lack a tensor.
 * @param config the fields of a config.json, `model_type` among them
 * @throws AttuneError `E_MODEL_UNSUPPORTED`, `E_CONFIG`, `E_WEIGHTS_MISMATCH` for given weights that the model does not have
 */
export async function createModel(config: ModelConfig, options: CreateOptions): Promise<LoadedModel> {
  const {
    seed = 0,
    tokenizer: source = new MemoryStorage('no files'),
    weights: given = new Map<string, HostTensor>(),
  } = options;
  const { model, resolved } = await modelOf(config, 'the configuration', options);
  const { parameters } = describeModel(model);
  requireOwn(given, parameters);
  const weights = new Map(
    parameters.map((parameter) => [parameter.name, given.get(parameter.name) ?? begin(parameter, seed)]),
  );
  return withMethods(
    {
      model,
      weights,
      labels: resolved.labels,
      problemType: resolved.problemType,
      created: [...weights.keys()].filter((name) => !given.has(name)),
      warnings: [],
      carried: new Map(),
      source,
      base: source.name,
    },
    weights,
  );
}

function requireOwn(given: ReadonlyMap<string, HostTensor>, parameters: readonly ParameterSpec[]): void {
  const shapes = new Map(parameters.map(({ name, type }) => [name, type.shape]));
  for (const [name, { type }] of given) {
    const shape = shapes.get(name);
    if (shape && sameShape(shape, type.shape)) continue;
    const message = `${name} is [${type.shape}]; the model has ${shape ? `[${shape}]` : 'no such parameter'}.`;
    throw new AttuneError('E_WEIGHTS_MISMATCH', message, { field: name });
  }
}
