/** Models without files: an architecture from scratch. */
import { describeModel } from '@attune/core/internal';
import { MemoryStorage, type ModelConfig, type Storage } from '@attune/hub';
import { begin } from './begin.js';
import { type LoadedModel, withMethods } from './loaded-model.js';
import { type ModelOptions, modelOf } from './model-of.js';

export interface CreateOptions extends ModelOptions {
  /** Seed of all parameters; 0 by default. */
  readonly seed?: number;
  /** A directory with the tokenizer's files, which `save` copies; none by default. */
  readonly tokenizer?: Storage;
}

/**
 * A model of a configuration whose parameters all begin anew, as a function of the seed and their names: BERT's matrices
 * normal with `initializer_range`, biases 0, norms the identity (Devlin et al. 2018). `loadModel` reads files instead and
 * refuses those that lack a tensor.
 * @param config the fields of a config.json, `model_type` among them
 * @throws AttuneError `E_MODEL_UNSUPPORTED`, `E_CONFIG`
 */
export async function createModel(config: ModelConfig, options: CreateOptions): Promise<LoadedModel> {
  const { seed = 0, tokenizer: source = new MemoryStorage('no files') } = options;
  const { model, resolved } = await modelOf(config, 'the configuration', options);
  const weights = new Map(describeModel(model).parameters.map((parameter) => [parameter.name, begin(parameter, seed)]));
  return withMethods(
    {
      model,
      weights,
      labels: resolved.labels,
      problemType: resolved.problemType,
      created: [...weights.keys()],
      warnings: [],
      carried: new Map(),
      source,
      base: source.name,
    },
    weights,
  );
}
