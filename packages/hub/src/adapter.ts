/** PEFT LoRA adapters in and out. */
import { AttuneError, type HostTensor } from '@attune/ir';
import * as z from 'zod/mini';
import { inEnglish } from './english.js';
import { readJson } from './json-file.js';
import { ownCode, writeJson } from './model-directory.js';
import { adapterRecipe, refusePickled } from './pickled-files.js';
import { openSafetensors, type TensorSource } from './safetensors/read.js';
import { inMemory } from './safetensors/stored-tensor.js';
import { writeSafetensors } from './safetensors/write.js';
import { label, type Storage } from './storage.js';

const pattern = z.record(z.string(), z.number());

/** The fields of adapter_config.json that Attune reads, under PEFT's names; others are ignored where they are off. */
const loraConfigSchema = z.looseObject({
  peft_type: z.literal('LORA'),
  base_model_name_or_path: z.nullish(z.string()),
  task_type: z.nullish(z.string()),
  r: z.int().check(z.positive()),
  lora_alpha: z.number(),
  lora_dropout: z._default(z.number().check(z.minimum(0), z.lt(1)), 0),
  target_modules: z.nullish(z.union([z.string(), z.array(z.string())])),
  exclude_modules: z.nullish(z.union([z.string(), z.array(z.string())])),
  modules_to_save: z.nullish(z.array(z.string())),
  bias: z._default(z.enum(['none', 'all', 'lora_only']), 'none'),
  use_rslora: z._default(z.boolean(), false),
  lora_bias: z._default(z.boolean(), false),
  layers_to_transform: z.nullish(z.union([z.int(), z.array(z.int())])),
  layers_pattern: z.nullish(z.union([z.string(), z.array(z.string())])),
  rank_pattern: z._default(pattern, {}),
  alpha_pattern: z._default(pattern, {}),
  fan_in_fan_out: z._default(z.boolean(), false),
});

export type LoraAdapterConfig = z.infer<typeof loraConfigSchema>;

/** Options of PEFT that change the formula; an adapter that uses one is refused by its name. */
const unsupported = [
  'use_dora',
  'use_qalora',
  'use_bdlora',
  'alora_invocation_tokens',
  'arrow_config',
  'layer_replication',
  'megatron_config',
  'target_parameters',
  'trainable_token_indices',
  'kasa_config',
  'velora_config',
  'monteclora_config',
] as const;

/** Initialisations that leave the base's weights alone; PEFT changes them for the others (`pissa`, `olora` …). */
const plainInitialisations: readonly unknown[] = [undefined, null, true, false, 'gaussian', 'orthogonal', 'eva'];

export interface LoraAdapter {
  /** How messages call its adapter_config.json. */
  readonly file: string;
  readonly config: LoraAdapterConfig;
  /** What a user should know about the files, such as fields that Attune does not know. */
  readonly warnings: readonly string[];
  /** Tensors under PEFT's names without `base_model.model.`. */
  readonly tensors: TensorSource;
}

const PREFIX = 'base_model.model.';

/**
 * Opens an adapter directory.
 * @param directory where it lies in the storage; PEFT puts adapters that are not named `default` into folders
 * @throws AttuneError `E_FILE_MISSING`, `E_UNSAFE_FORMAT` for pickled weights, `E_ADAPTER_CONFIG` for a malformed
 * adapter_config.json, `E_ADAPTER_UNSUPPORTED` naming the field for a method or an option that Attune does not have
 */
export async function openAdapter(storage: Storage, directory = ''): Promise<LoraAdapter> {
  const path = inDirectory(directory, 'adapter_config.json');
  const file = label(storage, path);
  const raw = await readJson(storage, path);
  if (typeof raw === 'object' && raw !== null && 'auto_map' in raw) throw ownCode(file);
  const type = typeof raw === 'object' && raw !== null && 'peft_type' in raw ? raw.peft_type : undefined;
  if (type !== 'LORA') {
    throw new AttuneError(
      'E_ADAPTER_UNSUPPORTED',
      `${file}: peft_type is ${JSON.stringify(type)}, Attune reads "LORA".`,
      {
        file,
        field: 'peft_type',
      },
    );
  }
  const parsed = loraConfigSchema.safeParse(raw, inEnglish);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') ?? '';
    throw new AttuneError('E_ADAPTER_CONFIG', `${file}: ${field}: ${issue?.message}.`, { file, field });
  }
  for (const field of unsupported) {
    const value = parsed.data[field];
    if (value !== undefined && value !== null && value !== false) {
      throw new AttuneError('E_ADAPTER_UNSUPPORTED', `${file} uses ${field}, which Attune does not have.`, {
        file,
        field,
      });
    }
  }
  if (!plainInitialisations.includes(parsed.data.init_lora_weights)) {
    throw new AttuneError(
      'E_ADAPTER_UNSUPPORTED',
      `${file}: init_lora_weights is ${JSON.stringify(parsed.data.init_lora_weights)}, which changes the base's weights.`,
      {
        file,
        field: 'init_lora_weights',
        hint: 'Convert it in PEFT: save_pretrained(..., path_initial_model_for_weight_conversion=...).',
      },
    );
  }
  const weights = inDirectory(directory, 'adapter_model.safetensors');
  if (!(await storage.exists(weights))) await refusePickled(storage, adapterRecipe, directory);
  const tensors = withoutPrefix(await openSafetensors(storage, weights));
  return { file, config: parsed.data, warnings: newerFields(parsed.data, file), tensors };
}

/** Fields of PEFT 0.21 that say where an adapter comes from or how it was started, which changes nothing here. */
const harmless: ReadonlySet<string> = new Set([
  'auto_mapping',
  'peft_version',
  'revision',
  'inference_mode',
  'init_lora_weights',
  'loftq_config',
  'eva_config',
  'corda_config',
  'lora_ga_config',
  'runtime_config',
  'megatron_core',
  'qalora_group_size',
  'ensure_weight_tying',
  ...unsupported,
]);

/** Fields that are on and that Attune does not know: those of a newer PEFT may change the formula. */
function newerFields(config: LoraAdapterConfig, file: string): readonly string[] {
  const known: ReadonlySet<string> = new Set(Object.keys(loraConfigSchema.shape));
  const on = Object.keys(config).filter((name) => !known.has(name) && !harmless.has(name) && isOn(config[name]));
  if (on.length === 0) return [];
  const more = on.length > 10 ? ` and ${on.length - 10} more` : '';
  const list = on.slice(0, 10).map((name) => `${shortened(name)} (${shortened(JSON.stringify(config[name]))})`);
  return [`${file}: Attune does not know ${list.join(', ')}${more}; the adapter may compute something else here`];
}

const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

const isOn = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);

const inDirectory = (directory: string, file: string): string => (directory === '' ? file : `${directory}/${file}`);

/** With `bias: all` PEFT also saves its wrappers' biases, which say the same twice. */
const isOwn = (name: string): boolean => !/\.(modules_to_save|original_module)\./.test(name);

/** Names with and without the prefix are read alike. @throws AttuneError `E_ADAPTER_CONFIG` for a tensor under both */
function withoutPrefix(source: TensorSource): TensorSource {
  const stored = new Map<string, string>();
  for (const name of source.names) {
    const own = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
    if (stored.has(own)) {
      throw new AttuneError('E_ADAPTER_CONFIG', `${source.name} has both "${own}" and "${PREFIX}${own}".`, {
        file: source.name,
        field: own,
      });
    }
    stored.set(own, name);
  }
  const at = (name: string) => stored.get(name) ?? PREFIX + name;
  return {
    name: source.name,
    metadata: source.metadata,
    names: [...stored.keys()].filter(isOwn),
    entry: (name) => source.entry(at(name)),
    read: (name) => source.read(at(name)),
    readFloat: (name) => source.readFloat(at(name)),
  };
}

/**
 * Writes adapter_config.json and adapter_model.safetensors as PEFT does. Names as in `LoraAdapter.tensors`. Cut short, it
 * leaves no adapter there (`commitModel`).
 * @param directory where to, in the storage
 */
export async function saveAdapter(
  storage: Storage,
  config: LoraAdapterConfig,
  tensors: ReadonlyMap<string, HostTensor>,
  directory = '',
): Promise<void> {
  const prefixed = new Map([...tensors].map(([name, tensor]) => [PREFIX + name, tensor]));
  const { commitModel } = await import('./commit-model.js');
  await commitModel(storage, async (draft) => {
    await writeSafetensors(draft, inDirectory(directory, 'adapter_model.safetensors'), inMemory(prefixed));
    await writeJson(draft, inDirectory(directory, 'adapter_config.json'), {
      inference_mode: true,
      init_lora_weights: true,
      ...config,
    });
  });
}
