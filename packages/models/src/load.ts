/** Models from Hugging Face directories, and back. */
import { initialize, type Model, type ParameterSpec, type Task, traceForward } from '@attune/core';
import { copyTokenizer, label, matchWeights, openWeights, readModelConfig, type Storage, type TensorSource, writeJson, inMemory, writeWeights } from '@attune/hub';
import { AttuneError, type HostTensor, tensorType } from '@attune/ir';
import type { Architecture, ArchitectureModel, ForwardOptions } from './architecture.js';
import { bert } from './bert/architecture.js';

const architectures: Readonly<Record<string, Architecture>> = { bert };

/** How a sequence classifier's labels are meant, as transformers names it. */
export type ProblemType = 'single_label_classification' | 'multi_label_classification' | 'regression';

export interface LoadOptions extends Omit<ForwardOptions, 'labels'> {
  readonly task: Task;
  /** Class names of a new classification head; by default those of config.json (`id2label`). */
  readonly labels?: readonly string[];
  readonly problemType?: ProblemType;
  /** Seed of parameters that begin anew; 0 by default. */
  readonly seed?: number;
  /** Dropout rates in place of the configuration's. */
  readonly dropout?: { readonly hidden?: number; readonly attention?: number; readonly classifier?: number };
}

export interface LoadedModel {
  readonly model: Model;
  /** f32, by the model's parameter names. */
  readonly weights: ReadonlyMap<string, HostTensor>;
  /** Class names in the order of the outputs; empty for tasks without classes. */
  readonly labels: readonly string[];
  readonly problemType: ProblemType | undefined;
  /** Parameters that began anew. */
  readonly created: readonly string[];
  /** The tensors of the file that the task does not use, for saving them again. */
  readonly unused: readonly string[];
  readonly source: Storage;
}

/**
 * Loads a model directory for a task. A bare encoder becomes a task model with a new head.
 * @throws AttuneError `E_MODEL_UNSUPPORTED`, `E_UNSAFE_FORMAT`, `E_CONFIG`, `E_WEIGHTS_MISMATCH`, `E_NONFINITE` for
 * weights that are not finite, and what reading the files throws
 */
export async function loadModel(storage: Storage, options: LoadOptions): Promise<LoadedModel> {
  const file = label(storage, 'config.json');
  const config = withDropout(await readModelConfig(storage), options.dropout);
  const architecture = architectures[config.model_type];
  if (!architecture) {
    throw new AttuneError(
      'E_MODEL_UNSUPPORTED',
      `${file}: model_type is "${config.model_type}"; Attune has ${Object.keys(architectures).join(', ')}.`,
      { file, field: 'model_type' },
    );
  }
  const family = architecture.create(config, file);
  const labels = options.labels ?? labelsOf(config);
  const model = createModel(family, config, labels, options);
  const parameters = parametersOf(model);
  const source = await openWeights(storage);
  const isHead = (name: string) => family.headPrefixes.some((prefix) => name.startsWith(prefix));
  const plan = matchWeights(new Map(parameters.map(({ name, type }) => [name, type.shape])), source, {
    aliases: family.aliases,
    mayBeNew: (name) => isHead(name),
    mayBeUnused: family.mayBeUnused,
    hint: `Check that ${file} describes these weights.`,
  });
  const weights = new Map<string, HostTensor>();
  for (const parameter of parameters) {
    const stored = plan.found.get(parameter.name);
    weights.set(parameter.name, stored === undefined ? begin(parameter, options.seed ?? 0) : await readFinite(source, stored));
  }
  return {
    model,
    weights,
    labels,
    problemType: options.problemType ?? problemTypeOf(config, labels, options.task),
    created: plan.created,
    unused: plan.unused,
    source: storage,
  };
}

function createModel(
  family: ArchitectureModel,
  config: Readonly<Record<string, unknown>> & { readonly model_type: string },
  labels: readonly string[],
  { task, outputHiddenStates = false, outputPooler = false }: LoadOptions,
): Model {
  return {
    architecture: config.model_type,
    task,
    config: { ...config, architectures: [family.classNames[task]] },
    maxPositions: family.maxPositions,
    inputNames: family.inputNames,
    forward: family.forward(task, { labels: labels.length, outputHiddenStates, outputPooler }),
  };
}

/** The parameters that a model's forward function asks for. */
export function parametersOf(model: Model): readonly ParameterSpec[] {
  const batch = Object.fromEntries(model.inputNames.map((name) => [name, tensorType([1, 2], 'i32')]));
  return traceForward({ model, batch }).parameters;
}

function begin(parameter: ParameterSpec, seed: number): HostTensor {
  const { initializer, name, type } = parameter;
  if (!initializer) throw new AttuneError('E_WEIGHTS_MISMATCH', `The parameter ${name} cannot begin anew.`, { field: name });
  return initialize(initializer, type, seed, name);
}

async function readFinite(source: TensorSource, name: string): Promise<HostTensor> {
  const tensor = await source.readFloat(name);
  if (!tensor.data.every(Number.isFinite)) {
    throw new AttuneError('E_NONFINITE', `${source.name}: tensor "${name}" holds NaN or infinity.`, {
      file: source.name,
      field: name,
    });
  }
  return tensor;
}

function withDropout(
  config: Readonly<Record<string, unknown>> & { readonly model_type: string },
  { hidden, attention, classifier }: NonNullable<LoadOptions['dropout']> = {},
) {
  return {
    ...config,
    ...(hidden === undefined ? {} : { hidden_dropout_prob: hidden }),
    ...(attention === undefined ? {} : { attention_probs_dropout_prob: attention }),
    ...(classifier === undefined ? {} : { classifier_dropout: classifier }),
  };
}

function labelsOf({ id2label }: Readonly<Record<string, unknown>>): readonly string[] {
  if (typeof id2label !== 'object' || id2label === null) return ['LABEL_0', 'LABEL_1'];
  const entries = Object.entries(id2label).map(([id, name]) => [Number(id), String(name)] as const);
  return entries.sort(([a], [b]) => a - b).map(([, name]) => name);
}

function problemTypeOf(config: Readonly<Record<string, unknown>>, labels: readonly string[], task: Task): ProblemType | undefined {
  if (task !== 'sequence-classification') return undefined;
  const { problem_type: given } = config;
  if (given === 'single_label_classification' || given === 'multi_label_classification' || given === 'regression') return given;
  return labels.length === 1 ? 'regression' : 'single_label_classification';
}

/** Writes a model directory that transformers loads: config.json, model.safetensors (f32) and the tokenizer's files. */
export async function saveModel(
  target: Storage,
  loaded: LoadedModel,
  weights: ReadonlyMap<string, HostTensor> = loaded.weights,
): Promise<void> {
  const { model, labels, problemType, source } = loaded;
  const hasClasses = model.task === 'sequence-classification' || model.task === 'token-classification';
  const all = new Map(weights);
  if (model.task === 'feature-extraction' && loaded.unused.length > 0) {
    const stored = await openWeights(source);
    for (const name of loaded.unused) all.set(name, await stored.read(name));
  }
  await writeWeights(target, inMemory(all));
  await copyTokenizer(source, target);
  await writeJson(target, 'config.json', {
    ...model.config,
    dtype: 'float32',
    ...(hasClasses
      ? {
          id2label: Object.fromEntries(labels.map((name, id) => [String(id), name])),
          label2id: Object.fromEntries(labels.map((name, id) => [name, id])),
        }
      : {}),
    ...(problemType === undefined ? {} : { problem_type: problemType }),
  });
}
