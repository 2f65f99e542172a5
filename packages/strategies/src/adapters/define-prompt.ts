/** Adapter methods of virtual tokens: the base stays, and reads more than the text. */
import { type Adaptation, type Initializer, type Model, Scope, type StrategyRecipe } from '@attune/core';
import { describeModel } from '@attune/core/internal';
import { AttuneError, type HostTensor, interpret, ProgramBuilder, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { modulesConfig } from './config-fields.js';
import { weightOf } from './merge.js';
import { type AdapterFileRules, type AdapterMethod, type AdapterPlan, adapterMethod, type Weights } from './method.js';
import { ModuleNames } from './module-names.js';
import { type CommonSettings, commonFields, commonShape } from './target-options.js';
import { modulesWithAdapter } from './task-head.js';

export const promptShape = {
  ...commonShape,
  /** How many; 20 by default. */
  numVirtualTokens: z._default(z.int().check(z.positive()), 20),
};

export interface PromptDefinition<Settings extends PromptSettings> {
  readonly name: string;
  /** PEFT's name of it. */
  readonly peftType: string;
  readonly recipe: StrategyRecipe;
  /** The options with their defaults. @throws AttuneError `E_CONFIG` */
  parse(options: unknown): Settings;
  /** Options of its own, with the fields that hold them. */
  readonly fields?: Readonly<Record<string, string>>;
  /** What its files have beside the options; nothing by default. */
  readonly file?: Partial<Omit<AdapterFileRules, 'fields'>>;
  /** If the virtual tokens are made from other parameters, which are not saved. */
  readonly encoder?: PromptEncoder<Settings>;
  /** How the model reads them. @throws AttuneError `E_STRATEGY` for a model that cannot */
  on(model: Model, settings: Settings): Prompt;
}

interface PromptEncoder<Settings> {
  /** Whether it is there: in an adapter from a file it is not. */
  isUsed(settings: Settings): boolean;
  /** The virtual tokens [tokens, width]. @param scope the encoder's own */
  tokens(scope: Scope, settings: Settings, width: number): Value;
  /** Of an adapter that has its tokens alone. */
  without(settings: Settings): Settings;
  /** What its options mean for tokens so wide, for adapter_config.json. */
  config(settings: Settings, width: number): Readonly<Record<string, unknown>>;
}

export type PromptSettings = CommonSettings & { readonly numVirtualTokens: number };

export interface Prompt {
  /** Numbers of each virtual token. */
  readonly width: number;
  /** The layers that it changes. */
  readonly targets: readonly string[];
  /** @param prompt the virtual tokens [tokens, width], at any scope of the model */
  rewrite(prompt: (scope: Scope) => Value): NonNullable<Adaptation['rewrite']>;
  wrap(model: Model): Model;
}

/** Of PEFT's configuration: what it reads off the base. */
const facts = ['num_attention_heads', 'num_layers', 'num_transformer_submodules', 'token_dim'];

export function definePrompt<Settings extends PromptSettings>(definition: PromptDefinition<Settings>): AdapterMethod {
  const { name, peftType, recipe, parse, file = {} } = definition;
  return adapterMethod({
    name,
    peftType,
    recipe,
    isMergeable: false,
    parse,
    file: {
      refused: [],
      isOf: () => true,
      ...file,
      harmless: [...facts, ...(file.harmless ?? [])],
      fields: { ...commonFields, numVirtualTokens: 'num_virtual_tokens', ...definition.fields },
      constants: { peft_type: peftType, inference_mode: true, ...file.constants },
    },
    plan: (model, settings, created) => planOf(definition, model, settings, created),
  });
}

function planOf<Settings extends PromptSettings>(
  definition: PromptDefinition<Settings>,
  model: Model,
  settings: Settings,
  created: readonly string[],
): AdapterPlan {
  const { adapterName, numVirtualTokens } = settings;
  const modulesToSave = settings.modulesToSave ?? modulesWithAdapter(model, created);
  const saved = new ModuleNames(modulesToSave);
  const prompt = definition.on(model, settings);
  const own = `prompt_embeddings.${adapterName}`;
  const encoder = definition.encoder?.isUsed(settings) ? definition.encoder : undefined;
  const encoderPath = `prompt_encoder.${adapterName}`;
  const encoded = (root: Scope) =>
    encoder?.tokens(root.child('prompt_encoder').child(adapterName), settings, prompt.width);
  const by = `${definition.name} "${adapterName}"`;
  return {
    method: definition.name,
    settings,
    model,
    modulesToSave,
    saved,
    targets: prompt.targets,
    adaptation: {
      claims: prompt.targets.map((path) => ({ path, by, isExclusive: true })),
      rewrite: prompt.rewrite(
        (scope) =>
          encoded(scope.root) ?? scope.root.parameter(own, [numVirtualTokens, prompt.width], embeddingInitializer),
      ),
      wrap: (inner) => ({ ...prompt.wrap(inner), base: inner.base ?? inner }),
    },
    own: (parameter) => (parameter === own || parameter.startsWith(`${encoderPath}.`) ? 'trained' : undefined),
    trainsOfBase: () => false,
    keyOf(parameter) {
      if (parameter === own) return 'prompt_embeddings';
      return saved.hold(parameter) ? `base_model.${parameter}` : undefined;
    },
    optionalKeys: [],
    async toSave(weights) {
      if (!encoder) return undefined;
      const tokens = computed(encoded, weights);
      const others = [...weights].filter(([name]) => !name.startsWith(`${encoderPath}.`));
      return {
        plan: planOf(definition, model, encoder.without(settings), created),
        weights: new Map([...others, [own, tokens]]),
      };
    },
    config: {
      num_virtual_tokens: numVirtualTokens,
      ...definition.encoder?.config(settings, prompt.width),
      ...factsOf(model),
      ...modulesConfig({ model, modulesToSave }),
    },
  };
}

/** As torch starts an embedding. */
export const embeddingInitializer: Initializer = { kind: 'normal', standardDeviation: 1 };

/** What the encoder makes of its parameters, in float64. */
function computed(encoded: (root: Scope) => Value | undefined, weights: Weights): HostTensor {
  const builder = new ProgramBuilder('virtual tokens');
  const declare: ConstructorParameters<typeof Scope>[0]['declare'] = ({ name, type }) => builder.input(name, type);
  const tokens = encoded(new Scope({ builder, rewrites: [], dropout: undefined, declare }));
  if (!tokens) throw new AttuneError('E_PROGRAM', 'There is no prompt encoder.');
  const program = builder.finish({ tokens });
  return interpret(
    program,
    program.inputs.map(({ name }) => weightOf(weights, name)),
  )[0]!;
}

function factsOf(model: Model): Readonly<Record<string, unknown>> {
  const attention = attentionOf(model);
  const [heads, headWidth] = attention[0]!.shape as [number, number];
  return {
    num_attention_heads: heads,
    num_layers: attention.length,
    num_transformer_submodules: 1,
    token_dim: heads * headWidth,
  };
}

/** The model's attention layers, in their order. @throws AttuneError `E_STRATEGY` if it has none */
export function attentionOf(model: Model): readonly { readonly path: string; readonly shape: readonly number[] }[] {
  const layers = describeModel(model).layers.filter(({ kind }) => kind === 'attention');
  if (layers.length > 0) return layers;
  throw new AttuneError('E_STRATEGY', `This ${model.architecture} has no attention, which virtual tokens need.`, {
    field: 'strategy',
    hint: 'Train it with full or head.',
  });
}
