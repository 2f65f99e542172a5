/** Bottleneck adapters (Houlsby et al. 2019, Pfeiffer et al. 2020, He et al. 2021), as AdapterHub has them. */
import {
  activation,
  type Initializer,
  kaimingUniform,
  type LayerRewrite,
  linear,
  type Model,
  type ResidualInput,
  type Scope,
  type Strategy,
} from '@attune/core';
import { describeModel, type OptionProblem, parseOptions } from '@attune/core/internal';
import { saveAdapterHub } from '@attune/hub';
import { AttuneError, add, mul, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { modulesConfig } from './adapters/config-fields.js';
import { type AdapterPlan, adapterMethod } from './adapters/method.js';
import { ModuleNames } from './adapters/module-names.js';
import { commonFields, commonShape } from './adapters/target-options.js';
import { modulesWithAdapter } from './adapters/task-head.js';
import { bottleneckFields, bottleneckFile, bottleneckPresets } from './bottleneck-files.js';
import { lowRankRecipe } from './low-rank.js';

const factor = z.number().check(z.positive());

const bottleneckSchema = z.strictObject({
  ...commonShape,
  /** Where the bottlenecks are and what they read, which the other options change; `pfeiffer` by default. */
  config: z._default(z.enum(['pfeiffer', 'houlsby', 'parallel']), 'pfeiffer'),
  /** The model's width over the bottleneck's, or that by the layer's number and `default`; 16, 16 and 2 by default. */
  reductionFactor: z.optional(z.union([factor, z.record(z.string().check(z.regex(/^(\d+|default)$/)), factor)])),
  /** By its name in transformers; relu, swish and relu by default. */
  nonLinearity: z.optional(z.string()),
  /** Whether there is one behind attention; in `houlsby` by default. */
  mhAdapter: z.optional(z.boolean()),
  /** Whether there is one behind the MLP; true by default. */
  outputAdapter: z.optional(z.boolean()),
  /** Whether it reads the sum with the residual, normalized if the model does so there; in `pfeiffer` by default. */
  originalLnBefore: z.optional(z.boolean()),
  /** Whether that sum is made of what it gives too; true by default. */
  originalLnAfter: z.optional(z.boolean()),
  /** Whether its own residual is from before that sum, from between sum and norm (`post_add`), or from behind; true by default. */
  residualBeforeLn: z.optional(z.union([z.boolean(), z.literal('post_add')])),
  /** Whether it reads what the layer's part read, in place of what that gave; in `parallel` by default. */
  isParallel: z.optional(z.boolean()),
  /** Factor on what it gives, or `learned` for one that trains, or `channel` for one of each number; 1, 1 and 4 by default. */
  scaling: z.optional(z.union([z.number(), z.enum(['learned', 'channel'])])),
  /** How it begins: as BERT's matrices (`bert`), or with no effect (`mam_adapter`, the default of `parallel`). */
  initWeights: z.optional(z.enum(['bert', 'mam_adapter'])),
  /** Numbers of layers without one, from 0; none by default. */
  leaveOut: z._default(z.array(z.int().check(z.nonnegative())), []),
  /** Dropout on what it gives, in training; 0 by default. */
  dropout: z._default(z.number().check(z.minimum(0), z.lt(1)), 0),
});

export type BottleneckOptions = z.input<typeof bottleneckSchema>;
type Given = z.output<typeof bottleneckSchema>;
type BottleneckSettings = Given & {
  readonly [Option in keyof (typeof bottleneckPresets)['pfeiffer']]-?: NonNullable<Given[Option]>;
};

function parse(options: unknown): BottleneckSettings {
  const given = parseOptions(bottleneckSchema, options, 'bottleneck', ({ nonLinearity }) =>
    nonLinearity === undefined ? undefined : activationProblem(nonLinearity),
  );
  const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...given, ...bottleneckPresets[given.config], ...chosen };
}

function activationProblem(name: string): OptionProblem | undefined {
  try {
    activation(name);
    return undefined;
  } catch (cause) {
    return { field: 'nonLinearity', problem: cause instanceof Error ? cause.message : String(cause) };
  }
}

export const bottleneckMethod = adapterMethod<BottleneckSettings>({
  name: 'bottleneck',
  peftType: 'BOTTLENECK',
  recipe: lowRankRecipe,
  isMergeable: false,
  parse,
  file: { ...bottleneckFile, fields: { ...commonFields, ...bottleneckFields }, save: saveAdapterHub },
  plan: planOf,
});

function planOf(model: Model, settings: BottleneckSettings, created: readonly string[]): AdapterPlan {
  const { adapterName } = settings;
  const modulesToSave = settings.modulesToSave ?? modulesWithAdapter(model, created);
  const saved = new ModuleNames(modulesToSave);
  const places = placesOf(model, settings);
  const own = `.adapters.${adapterName}.`;
  const by = `bottleneck "${adapterName}"`;
  const given: Readonly<Record<string, unknown>> = settings;
  const { model_type, architectures } = model.config;
  const rewrite: LayerRewrite = (call) => {
    if (call.kind !== 'attention_residual' && call.kind !== 'mlp_residual') return undefined;
    const size = places.get(call.scope.path);
    return size === undefined ? undefined : withBottleneck(call.scope, call.input, call.base, settings, size);
  };
  return {
    method: 'bottleneck',
    settings,
    model,
    modulesToSave,
    saved,
    targets: [...places.keys()],
    adaptation: { rewrite, claims: [...places.keys()].map((path) => ({ path, by, isExclusive: true })) },
    own: (parameter) => (parameter.includes(own) ? 'trained' : undefined),
    trainsOfBase: () => false,
    keyOf(parameter) {
      if (parameter.includes(own)) return parameter.replace(own, '.adapters.');
      return saved.hold(parameter) ? parameter : undefined;
    },
    optionalKeys: [],
    config: {
      ...Object.fromEntries(Object.entries(bottleneckFields).map(([option, field]) => [field, given[option]])),
      ...modulesConfig({ model, modulesToSave }),
      name: adapterName,
      model_class: Array.isArray(architectures) ? architectures[0] : model.architecture,
      model_type,
      hidden_size: model.width,
    },
  };
}

/** The places with a bottleneck and its width. @throws AttuneError `E_STRATEGY` if there is none */
function placesOf(model: Model, settings: BottleneckSettings): ReadonlyMap<string, number> {
  const { layers } = describeModel(model);
  const widths = (kind: 'attention_residual' | 'mlp_residual', isChosen: boolean) =>
    layers
      .filter((layer) => isChosen && layer.kind === kind)
      .map(({ path, shape }, index) => ({ path, index, width: shape[0]! }));
  const places = [
    ...widths('attention_residual', settings.mhAdapter),
    ...widths('mlp_residual', settings.outputAdapter),
  ].filter(({ index }) => !settings.leaveOut.includes(index));
  if (places.length > 0) {
    return new Map(places.map(({ path, index, width }) => [path, bottleneckWidth(width, index, settings)]));
  }
  const isLeftOut = layers.some(({ kind }) => kind === 'mlp_residual');
  throw new AttuneError(
    'E_STRATEGY',
    isLeftOut
      ? 'bottleneck: mhAdapter, outputAdapter and leaveOut leave no place for an adapter.'
      : `bottleneck: this ${model.architecture} has no layers of attention and MLP with residuals.`,
    { field: isLeftOut ? 'outputAdapter' : 'strategy' },
  );
}

/** @throws AttuneError `E_STRATEGY` for a layer that no reduction factor is for */
function bottleneckWidth(width: number, layer: number, { reductionFactor: given }: BottleneckSettings): number {
  const factors: Readonly<Record<string, number | undefined>> = typeof given === 'number' ? { default: given } : given;
  const own = factors[layer] ?? factors.default;
  if (own !== undefined) return Math.max(1, Math.floor(width / own));
  throw new AttuneError('E_STRATEGY', `bottleneck: reductionFactor has none for layer ${layer}, and no default.`, {
    field: 'reductionFactor',
  });
}

function withBottleneck(
  scope: Scope,
  { output, residual }: ResidualInput,
  base: (input: ResidualInput) => Value,
  settings: BottleneckSettings,
  size: number,
): Value {
  const { originalLnBefore, originalLnAfter, residualBeforeLn, isParallel } = settings;
  const own = scope.child('adapters').child(settings.adapterName);
  const finished = (changed: Value) => (originalLnAfter ? base({ output: changed, residual }) : changed);
  if (isParallel) return finished(add(output, bottleneckOf(own, residual, settings, size)));
  const read = originalLnBefore ? base({ output, residual }) : output;
  const passed = residualBeforeLn === true ? output : read;
  const kept = residualBeforeLn === 'post_add' && originalLnBefore ? add(output, residual) : passed;
  return finished(add(kept, bottleneckOf(own, read, settings, size)));
}

/** Down, through the non-linearity, up, and scaled. */
function bottleneckOf(scope: Scope, x: Value, settings: BottleneckSettings, size: number): Value {
  const { nonLinearity, initWeights, scaling, dropout } = settings;
  const width = x.type.shape.at(-1)!;
  const isBert = initWeights === 'bert';
  const down = linear(scope.child('adapter_down'), '0', x, size, {
    initializer: isBert ? ofBert : kaimingUniform(width),
  });
  const up = linear(scope, 'adapter_up', activation(nonLinearity)(down), width, {
    initializer: isBert ? ofBert : zero,
  });
  const scale =
    typeof scaling === 'number' ? scaling : scope.parameter('scaling', [scaling === 'learned' ? 1 : width], one);
  return scope.dropout(scale === 1 ? up : mul(up, scale), dropout);
}

const ofBert: Initializer = { kind: 'normal', standardDeviation: 0.02 };
const zero: Initializer = { kind: 'constant', value: 0 };
const one: Initializer = { kind: 'constant', value: 1 };

/**
 * Small networks behind attention or MLP of each layer, which narrow what they read to a bottleneck, and the head.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) for a model without such layers
 */
export const bottleneck = (options: BottleneckOptions = {}): Strategy => bottleneckMethod.strategy(options);
