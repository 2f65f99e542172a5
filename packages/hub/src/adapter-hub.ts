/** Bottleneck adapters in the files of AdapterHub (the Python library `adapters`), in and out. */
import { AttuneError, type HostTensor } from '@attune/ir';
import * as z from 'zod/mini';
import type { AdapterFiles } from './adapter.js';
import { inEnglish } from './english.js';
import { adapterHubRecipe, refusePickled } from './pickled-files.js';
import { openSafetensors, type TensorSource } from './safetensors/read.js';
import { inMemory } from './safetensors/stored-tensor.js';
import { writeSafetensors } from './safetensors/write.js';
import { type Storage, writeFile } from './storage.js';
import { below } from './storage-below.js';

const schema = z.looseObject({
  name: z.string().check(z.minLength(1)),
  config: z.looseObject({ architecture: z.nullish(z.string()) }),
  model_class: z.nullish(z.string()),
  model_name: z.nullish(z.string()),
  model_type: z.nullish(z.string()),
  hidden_size: z.nullish(z.number()),
  version: z.nullish(z.string()),
});

/** What is not the method's own in adapter_config.json. */
const facts = ['name', 'model_class', 'model_name', 'model_type', 'hidden_size', 'version'] as const;

/** How Attune calls the method beside PEFT's `peft_type`s. */
const BOTTLENECK = 'BOTTLENECK';

const ADAPTER_FILE = 'adapter.safetensors';
const HEAD_FILE = 'model_head.safetensors';

/**
 * An adapter directory as if PEFT had `peft_type` BOTTLENECK: the fields of `config` beside the others, tensors without the
 * adapter's name, and those of the head among them.
 * @param raw its adapter_config.json
 * @param file how messages call that
 * @throws AttuneError `E_ADAPTER_CONFIG`, `E_ADAPTER_UNSUPPORTED` for other methods and for flexible heads, and as `openAdapterFiles`
 */
export async function openAdapterHubFiles(
  storage: Storage,
  directory: string,
  raw: unknown,
  file: string,
): Promise<AdapterFiles> {
  const parsed = schema.safeParse(raw, inEnglish);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = issue?.path.join('.') ?? '';
    throw new AttuneError('E_ADAPTER_CONFIG', `${file}: ${field}: ${issue?.message}.`, { file, field });
  }
  const { config, ...about } = parsed.data;
  if (config.architecture) {
    const message = `${file}: config.architecture is "${config.architecture.slice(0, 100)}"; of AdapterHub's methods Attune has bottlenecks.`;
    throw new AttuneError('E_ADAPTER_UNSUPPORTED', message, { file, field: 'config.architecture' });
  }
  const place = directory === '' ? storage : below(storage, directory);
  if (!(await place.exists(ADAPTER_FILE))) await refusePickled(storage, adapterHubRecipe, directory);
  const adapter = withoutName(await openSafetensors(place, ADAPTER_FILE), about.name);
  const head = await openHead(place);
  const modules = (head?.names ?? []).map((name) => name.slice(0, name.lastIndexOf('.')));
  return {
    file,
    config: {
      ...withNewNames(config, about.version),
      ...about,
      peft_type: BOTTLENECK,
      base_model_name_or_path: about.model_name || null,
      modules_to_save: [...new Set(modules)],
    },
    tensors: head ? joined(adapter, head) : adapter,
  };
}

/** Until version 2 `gelu` was what transformers calls `gelu_new`. */
function withNewNames(
  config: Readonly<Record<string, unknown>>,
  version: string | null | undefined,
): Readonly<Record<string, unknown>> {
  const renamed: Readonly<Record<string, string>> = { gelu: 'gelu_new', gelu_orig: 'gelu' };
  const { non_linearity: given } = config;
  const now = version == null && typeof given === 'string' && Object.hasOwn(renamed, given) ? renamed[given] : given;
  return { ...config, non_linearity: now };
}

/** @throws AttuneError `E_ADAPTER_UNSUPPORTED` for a head of AdapterHub's own */
async function openHead(place: Storage): Promise<TensorSource | undefined> {
  if (!(await place.exists(HEAD_FILE))) return undefined;
  const head = await openSafetensors(place, HEAD_FILE);
  const flexible = head.names.find((name) => name.startsWith('heads.'));
  if (flexible === undefined) return head;
  throw new AttuneError(
    'E_ADAPTER_UNSUPPORTED',
    `${head.name} has a flexible head of AdapterHub ("${flexible}"); Attune has those of transformers.`,
    {
      file: head.name,
      field: flexible,
      hint: 'Remove the head to train a new one, or train the adapter under a class of transformers, such as AutoModelForSequenceClassification.',
    },
  );
}

function withoutName(source: TensorSource, name: string): TensorSource {
  const stored = new Map(source.names.map((each) => [each.replace(`.adapters.${name}.`, '.adapters.'), each]));
  const at = (own: string) => stored.get(own) ?? own;
  return {
    ...source,
    names: [...stored.keys()],
    entry: (own) => source.entry(at(own)),
    read: (own) => source.read(at(own)),
    readFloat: (own) => source.readFloat(at(own)),
  };
}

function joined(adapter: TensorSource, head: TensorSource): TensorSource {
  const ofHead = new Set(head.names);
  const holder = (name: string) => (ofHead.has(name) ? head : adapter);
  return {
    ...adapter,
    names: [...adapter.names, ...head.names],
    entry: (name) => holder(name).entry(name),
    read: (name) => holder(name).read(name),
    readFloat: (name) => holder(name).readFloat(name),
  };
}

/**
 * Writes adapter_config.json, adapter.safetensors and, with a head, head_config.json and model_head.safetensors, as the library
 * does with `use_safetensors`. Cut short, it leaves no adapter there (`commitModel`).
 * @param given the fields of `config` beside `name`, `model_class`, `model_type` and `hidden_size`
 * @param tensors the adapter's without its name, and those of the head
 * @param directory where to, in the storage
 */
export async function saveAdapterHub(
  storage: Storage,
  given: Readonly<Record<string, unknown>>,
  tensors: ReadonlyMap<string, HostTensor>,
  directory = '',
): Promise<void> {
  const { base_model_name_or_path: base, peft_type: _, task_type: __, modules_to_save: ___, ...fields } = given;
  const own = Object.entries(fields).filter(([field]) => !facts.some((each) => each === field));
  const name = String(fields.name);
  const about = {
    hidden_size: fields.hidden_size,
    model_class: fields.model_class,
    model_name: base ?? '',
    model_type: fields.model_type,
    // The first whose files are read as these are meant.
    version: 'adapters.1.1.0',
  };
  const isOfAdapter = (tensor: string) => tensor.includes('.adapters.');
  const named = [...tensors].map(
    ([tensor, value]) => [tensor.replace('.adapters.', `.adapters.${name}.`), value] as const,
  );
  const adapter = named.filter(([tensor]) => isOfAdapter(tensor));
  const head = named.filter(([tensor]) => !isOfAdapter(tensor));
  const { commitModel } = await import('./commit-model.js');
  await commitModel(storage, async (draft) => {
    const place = directory === '' ? draft : below(draft, directory);
    await writeSafetensors(place, ADAPTER_FILE, inMemory(new Map(adapter)));
    if (head.length > 0) {
      await writeSafetensors(place, HEAD_FILE, inMemory(new Map(head)));
      await writePythonJson(place, 'head_config.json', { ...about, config: null, name: null });
    }
    await writePythonJson(place, 'adapter_config.json', { ...about, config: Object.fromEntries(own), name });
  });
}

/** The library takes a `scaling` for a number only if it has a point. */
async function writePythonJson(storage: Storage, path: string, value: unknown): Promise<void> {
  const text = JSON.stringify(value, null, 2).replace(/("scaling": -?\d+)(?=[,\n])/, '$1.0');
  await writeFile(storage, path, `${text}\n`);
}
