/** A Hugging Face model directory: what is in it, and what must not be. */
import { AttuneError } from '@attune/ir';
import { readJson } from './json-file.js';
import { indexFile, singleFile, weightsNames } from './safetensors/weights-files.js';
import { label, type Storage, writeFile } from './storage.js';

export type DirectoryKind = 'model' | 'adapter' | 'checkpoint' | 'unknown';

/** What a directory holds, by its files. */
export async function directoryKind(storage: Storage): Promise<DirectoryKind> {
  if (await storage.exists('adapter_config.json')) return 'adapter';
  if (await storage.exists('manifest.json')) return 'checkpoint';
  if (await storage.exists('config.json')) return 'model';
  const { ggufFileIn } = await import('./gguf/weights.js');
  return (await ggufFileIn(storage)) === undefined ? 'unknown' : 'model';
}

/** The fields of config.json. */
export type ModelConfig = Readonly<Record<string, unknown>> & { readonly model_type: string };

/**
 * Reads config.json of a directory with safetensors weights or a GGUF file, or makes it from what that file says.
 * @param modelTypes those that can be loaded, for messages
 * @throws AttuneError `E_FILE_MISSING` without config.json, `E_FILE_JSON`, `E_MODEL_UNSUPPORTED` without model_type,
 * `E_UNSAFE_FORMAT` for models that need code of their own (`auto_map`) or have pickled weights only
 */
export async function readModelConfig(storage: Storage, modelTypes: readonly string[] = []): Promise<ModelConfig> {
  if (!(await hasOne(storage, weightsFiles))) {
    const { modelRecipe, refusePickled } = await import('./pickled-files.js');
    await refusePickled(storage, modelRecipe);
  }
  if (!(await storage.exists('config.json'))) {
    const found = await (await import('./gguf/weights.js')).ggufConfigIn(storage);
    if (found) return found;
  }
  const file = label(storage, 'config.json');
  const config = await readJson(storage, 'config.json');
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new AttuneError('E_FILE_JSON', `${file} is not a JSON object.`, { file });
  }
  if ('auto_map' in config) throw ownCode(file);
  if (!('model_type' in config) || typeof config.model_type !== 'string') {
    throw new AttuneError('E_MODEL_UNSUPPORTED', `${file} has no model_type.`, {
      file,
      field: 'model_type',
      hint: `Convert the model with transformers, which writes it${modelTypes.length > 0 ? `; Attune has ${modelTypes.join(', ')}` : ''}.`,
    });
  }
  return { ...config, model_type: config.model_type };
}

/** @param file the configuration that has `auto_map` */
export const ownCode = (file: string): AttuneError =>
  new AttuneError(
    'E_UNSAFE_FORMAT',
    `${file} asks for code of the model's own (auto_map), which Attune does not run.`,
    {
      file,
      field: 'auto_map',
      hint: 'Use a model whose architecture is part of transformers.',
    },
  );

async function hasOne(storage: Storage, files: readonly string[]): Promise<boolean> {
  for (const file of files) if (await storage.exists(file)) return true;
  return false;
}

const weightsFiles = weightsNames.flatMap((name) => [singleFile(name), indexFile(name)]);

/** Files that belong to a tokenizer, its chat template too. */
const tokenizerFiles = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
  'chat_template.jinja',
  'chat_template.json',
] as const;

/** Copies the tokenizer's files, as far as there are any; those that a GGUF file stands for are written out. */
export async function copyTokenizer(from: Storage, to: Storage): Promise<void> {
  let hasVocabulary = false;
  for (const file of tokenizerFiles) {
    if (!(await from.exists(file))) continue;
    await writeFile(to, file, await from.read(file));
    hasVocabulary ||= file === 'tokenizer.json' || file === 'vocab.txt';
  }
  const found = hasVocabulary ? undefined : await (await import('./gguf/weights.js')).ggufTokenizerIn(from);
  if (!found) return;
  await writeJson(to, 'tokenizer.json', found.definition);
  await writeJson(to, 'tokenizer_config.json', found.config);
}

/** Writes a JSON file as transformers does: two spaces, a line feed at the end. */
export async function writeJson(storage: Storage, path: string, value: unknown): Promise<void> {
  await writeFile(storage, path, `${JSON.stringify(value, null, 2)}\n`);
}
