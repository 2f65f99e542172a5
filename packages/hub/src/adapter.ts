/** PEFT adapters in and out, of whatever method; AdapterHub's in. */
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

/** What all methods have in adapter_config.json, under PEFT's names; the other fields are the methods' own. */
const adapterConfigSchema = z.looseObject({
  peft_type: z.string(),
  base_model_name_or_path: z.nullish(z.string()),
  task_type: z.nullish(z.string()),
  modules_to_save: z.nullish(z.array(z.string())),
});

export type AdapterConfig = z.infer<typeof adapterConfigSchema>;

export interface AdapterFiles {
  /** How messages call its adapter_config.json. */
  readonly file: string;
  readonly config: AdapterConfig;
  /** Tensors under the names that `adapterTensorName` gives. */
  readonly tensors: TensorSource;
}

/** PEFT's wrappers around the base; methods of virtual tokens have the outer one alone. */
const prefixes = ['base_model.model.', 'base_model.'];

/** A tensor's name in an adapter's file, without PEFT's wrappers. */
export function adapterTensorName(key: string): string {
  const prefix = prefixes.find((each) => key.startsWith(each)) ?? '';
  return key.slice(prefix.length);
}

/**
 * Opens an adapter directory of PEFT or AdapterHub.
 * @param directory where it lies in the storage; PEFT puts adapters that are not named `default` into folders
 * @throws AttuneError `E_FILE_MISSING`, `E_UNSAFE_FORMAT` for pickled weights, `E_ADAPTER_CONFIG` for a malformed
 * adapter_config.json, `E_ADAPTER_UNSUPPORTED` for methods and heads of AdapterHub that Attune does not have
 */
export async function openAdapterFiles(storage: Storage, directory = ''): Promise<AdapterFiles> {
  const path = inDirectory(directory, 'adapter_config.json');
  const file = label(storage, path);
  const raw = await readJson(storage, path);
  if (typeof raw === 'object' && raw !== null && 'auto_map' in raw) throw ownCode(file);
  if (isAdapterHub(raw)) return (await import('./adapter-hub.js')).openAdapterHubFiles(storage, directory, raw, file);
  const parsed = adapterConfigSchema.safeParse(raw, inEnglish);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') ?? '';
    throw new AttuneError('E_ADAPTER_CONFIG', `${file}: ${field}: ${issue?.message}.`, { file, field });
  }
  const weights = inDirectory(directory, 'adapter_model.safetensors');
  if (!(await storage.exists(weights))) await refusePickled(storage, adapterRecipe, directory);
  return { file, config: parsed.data, tensors: withoutPrefix(await openSafetensors(storage, weights)) };
}

/** Whether adapter_config.json is AdapterHub's. */
const isAdapterHub = (raw: unknown): boolean =>
  typeof raw === 'object' && raw !== null && !('peft_type' in raw) && 'config' in raw && 'name' in raw;

const inDirectory = (directory: string, file: string): string => (directory === '' ? file : `${directory}/${file}`);

/** With `bias: all` PEFT also saves its wrappers' biases, which say the same twice. */
const isOwn = (name: string): boolean => !/\.(modules_to_save|original_module)\./.test(name);

/** Names with and without a prefix are read alike. @throws AttuneError `E_ADAPTER_CONFIG` for two tensors of one name */
function withoutPrefix(source: TensorSource): TensorSource {
  const stored = new Map<string, string>();
  for (const name of source.names) {
    const own = adapterTensorName(name);
    const other = stored.get(own);
    if (other !== undefined) {
      throw new AttuneError('E_ADAPTER_CONFIG', `${source.name} has both "${other}" and "${name}".`, {
        file: source.name,
        field: own,
      });
    }
    stored.set(own, name);
  }
  const at = (name: string) => stored.get(name) ?? name;
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
 * Writes adapter_config.json and adapter_model.safetensors as PEFT does. Cut short, it leaves no adapter there
 * (`commitModel`).
 * @param tensors under PEFT's names, with its prefixes
 * @param directory where to, in the storage
 */
export async function saveAdapter(
  storage: Storage,
  config: Readonly<Record<string, unknown>>,
  tensors: ReadonlyMap<string, HostTensor>,
  directory = '',
): Promise<void> {
  const { commitModel } = await import('./commit-model.js');
  await commitModel(storage, async (draft) => {
    await writeSafetensors(draft, inDirectory(directory, 'adapter_model.safetensors'), inMemory(tensors));
    await writeJson(draft, inDirectory(directory, 'adapter_config.json'), config);
  });
}
