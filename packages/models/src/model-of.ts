/** From a configuration to a model: its architecture, task and labels, without any weights. */
import { type Model, tokenFields } from '@attune/core';
import type { ModelConfig } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import {
  type Encoder,
  type Head,
  type HeadOptions,
  PREDICTION_POSITIONS,
  type ProblemType,
  type Task,
} from '@attune/tasks';
import type { Architecture, ArchitectureModel, SizeRule } from './architecture.js';
import { architectureOf } from './families.js';
import type { LabelRequest, ResolvedLabels } from './labels.js';

export interface ModelOptions extends Partial<Omit<HeadOptions, 'labels'>> {
  /** What the model does, as a value or by its name. */
  readonly task: Task | string;
  /**
   * Names of the classes, or of the numbers of a regression, in the order of the outputs; by default those of config.json. For the same names the file's classifier
   * stays, in the order given here; other names mean a new one.
   */
  readonly labels?: readonly string[];
  /** How many classes or numbers there are, where their names are not known. */
  readonly labelCount?: number;
  readonly problemType?: ProblemType;
  /** Families of models beside those that Attune has; none by default. */
  readonly architectures?: readonly Architecture[];
  /** Dropout rates in place of the configuration's. */
  readonly dropout?: { readonly hidden?: number; readonly attention?: number; readonly classifier?: number };
  /**
   * Whether a masked language model scores only the tokens of the batch field `predictionPositions`, i32 [batch,
   * predictions], as BERT was trained: `logits` are [batch, predictions, vocabulary]. False by default.
   */
  readonly predictAtPositions?: boolean;
}

/** What is known of the files' weights before a model is made for them. */
export interface StoredWeights {
  /** @throws AttuneError `E_WEIGHTS_MISMATCH` if config.json gives other sizes */
  requireSizes(rules: readonly SizeRule[]): void;
  /** The rows of the tensor of that name; undefined if there is none. */
  rowsOf(name: string): number | undefined;
}

export interface ModelOfConfig {
  readonly model: Model;
  readonly family: ArchitectureModel;
  readonly task: Task;
  readonly head: Head;
  readonly resolved: ResolvedLabels;
}

/**
 * @param file how messages call the configuration
 * @param stored the weights that it is to fit, if it comes with some
 * @throws AttuneError `E_MODEL_UNSUPPORTED` for an architecture that there is not, or a task that it does not have;
 * `E_CONFIG`
 */
export async function modelOf(
  given: ModelConfig,
  file: string,
  options: ModelOptions,
  stored?: StoredWeights,
): Promise<ModelOfConfig> {
  const { task: asked } = options;
  const task = typeof asked === 'string' ? (await import('./known-tasks.js')).taskNamed(asked) : asked;
  const { outputHiddenStates = false, outputPooler = false, predictAtPositions = false } = options;
  const config = withDropout(given, options.dropout);
  const family = (await architectureOf(config.model_type, file, options.architectures)).create(config, file);
  const { encoder } = family;
  const vector =
    config.classifier_vector === undefined
      ? undefined
      : (await import('./classifier-vector.js')).classifierVectorOf(config, file);
  const found = task.headOn(encoder);
  const head = (vector && found?.reading?.(vector)) ?? found;
  if (!head) throw (await import('./no-task.js')).noTask(config, file, task, encoder);
  const optional = predictAtPositions ? [PREDICTION_POSITIONS] : [];
  if (optional.some((name) => !head.optionalInputs?.includes(name))) {
    const message = `${file}: predictAtPositions is for masked language models; this is ${task.name}.`;
    throw new AttuneError('E_CONFIG', message, { file, field: 'predictAtPositions' });
  }
  stored?.requireSizes(family.sizes);
  const classifierRows = head.classifier === undefined ? undefined : stored?.rowsOf(`${head.classifier}weight`);
  const resolved = await labelsFor(config, file, { ...options, task, classifierRows });
  const { modules, adapterModules = modules } = head;
  const labels = resolved.labels.length;
  const model: Model = {
    architecture: config.model_type,
    task: { name: task.name, peftTaskType: task.peftTaskType, headModules: modules, adapterModules },
    config: { ...config, architectures: [classNameOf(family, task)] },
    width: encoder.width,
    ...(encoder.adapterTargets ? { adapterTargets: encoder.adapterTargets } : {}),
    ...(family.storesTransposed ? { storesTransposed: family.storesTransposed } : {}),
    ...(encoder.depths ? { depths: encoder.depths } : {}),
    maxPositions: encoder.maxPositions,
    inputs: (shape) => ({ ...encoder.inputs(shape), ...tokenFields(...optional)(shape) }),
    ...(encoder.optionalInputs ? { optionalInputs: encoder.optionalInputs } : {}),
    ...(encoder.cache ? { cache: (shape) => encoder.cache?.(shape) ?? {} } : {}),
    ...(encoder.state && head.carriesState ? carriedBy(encoder) : {}),
    forward: (scope, inputs) => head.forward(scope, inputs, { labels, outputHiddenStates, outputPooler }),
  };
  return { model, family, task, head, resolved };
}

/** What transformers calls the family's model of a task. */
const classNameOf = ({ classPrefix, classNames }: ArchitectureModel, { classSuffix }: Task): string =>
  classNames?.[classSuffix] ?? `${classPrefix}${classSuffix}`;

/** What resolves labels is loaded by the tasks that have some. */
async function labelsFor(config: ModelConfig, file: string, request: LabelRequest): Promise<ResolvedLabels> {
  if (request.task.labelModules.length === 0) return { labels: [], problemType: undefined, isNewClassifier: false };
  const { resolveLabels } = await import('./labels.js');
  return resolveLabels(config, file, request);
}

const carriedBy = ({ state, windowLength }: Encoder): Pick<Model, 'state' | 'windowLength'> => ({
  ...(state ? { state } : {}),
  ...(windowLength === undefined ? {} : { windowLength }),
});

function withDropout(
  config: ModelConfig,
  { hidden, attention, classifier }: NonNullable<ModelOptions['dropout']> = {},
): ModelConfig {
  return {
    ...config,
    ...(hidden === undefined ? {} : { hidden_dropout_prob: hidden }),
    ...(attention === undefined ? {} : { attention_probs_dropout_prob: attention }),
    ...(classifier === undefined ? {} : { classifier_dropout: classifier }),
  };
}
