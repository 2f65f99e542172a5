/** Adapter directories of any method. */
import { nearest } from '@attune/core/internal';
import { type AdapterFiles, openAdapterFiles, type Storage } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { adapterMethods } from './list.js';
import type { AdapterMethod } from './method.js';
import { type PatternFields, patternFault } from './patterns.js';
import { shortened } from './shortened.js';

/** An adapter directory with the method that it is of. */
export interface OpenedAdapter extends AdapterFiles {
  readonly method: AdapterMethod;
  /** The method's options that give such an adapter, under their own names; not checked yet. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What a user should know about the files, such as fields that Attune does not know. */
  readonly warnings: readonly string[];
}

/**
 * Opens an adapter directory and finds its method by `peft_type`.
 * @param directory where it lies in the storage; PEFT puts adapters that are not named `default` into folders
 * @param methods those of Attune by default
 * @throws AttuneError `E_ADAPTER_UNSUPPORTED` for a method or an option that Attune does not have, `E_ADAPTER_CONFIG` for a
 * malformed pattern, and as `openAdapterFiles`
 */
export async function openAdapter(
  storage: Storage,
  directory = '',
  methods: readonly AdapterMethod[] = adapterMethods,
): Promise<OpenedAdapter> {
  const files = await openAdapterFiles(storage, directory);
  const method = methodOf(files, methods);
  requireUsable(files, method);
  requirePatterns(files);
  return { ...files, method, options: optionsOf(files, method), warnings: newerFields(files, method) };
}

function methodOf({ file, config }: AdapterFiles, methods: readonly AdapterMethod[]): AdapterMethod {
  const { peft_type: type } = config;
  const found = methods.find(({ peftType, file: rules }) => peftType === type && rules.isOf(config));
  if (found) return found;
  const types = [...new Set(methods.map(({ peftType }) => peftType))];
  const near = nearest(type, types);
  throw new AttuneError(
    'E_ADAPTER_UNSUPPORTED',
    `${file}: peft_type is "${shortened(type)}", Attune has ${types.join(', ')}.`,
    { file, field: 'peft_type', ...(near === undefined ? {} : { hint: `Did you mean "${near}"?` }) },
  );
}

function requireUsable({ file, config }: AdapterFiles, { file: rules }: AdapterMethod): void {
  for (const field of rules.refused) {
    const value = config[field];
    if (value === undefined || value === null || value === false) continue;
    throw new AttuneError('E_ADAPTER_UNSUPPORTED', `${file} uses ${field}, which Attune does not have.`, {
      file,
      field,
    });
  }
  const problem = rules.problem?.(config);
  if (!problem) return;
  const { field, message, hint } = problem;
  throw new AttuneError('E_ADAPTER_UNSUPPORTED', `${file}: ${message}.`, { file, field, ...(hint ? { hint } : {}) });
}

const names = z.nullish(z.union([z.string(), z.array(z.string())]));
const numbers = z.nullish(z.record(z.string(), z.number()));
const patternSchema = z.object({
  target_modules: names,
  exclude_modules: names,
  layers_pattern: names,
  // AdaLoRA's is no pattern.
  rank_pattern: z.catch(numbers, undefined),
  alpha_pattern: numbers,
});

/** What is no pattern at all is left to the method's own check. @throws AttuneError `E_ADAPTER_CONFIG`, `E_ADAPTER_UNSUPPORTED` */
function requirePatterns({ file, config }: AdapterFiles): void {
  const parsed = patternSchema.safeParse(config);
  const fields: PatternFields = parsed.success ? parsed.data : {};
  const fault = patternFault(fields);
  if (!fault) return;
  const { field, problem, isUnsupported } = fault;
  throw new AttuneError(
    isUnsupported ? 'E_ADAPTER_UNSUPPORTED' : 'E_ADAPTER_CONFIG',
    `${file}: ${field}: ${problem}.`,
    { file, field, hint: `Name the layers of ${field} in full, or write the pattern without it.` },
  );
}

function optionsOf({ config, tensors }: AdapterFiles, { file }: AdapterMethod): Readonly<Record<string, unknown>> {
  const options = Object.entries(file.fields).flatMap(([option, field]) => {
    const value = option === 'modulesToSave' ? (config[field] ?? []) : config[field];
    return isLeftOut(option, value) ? [] : [[option, plain(option, value)] as const];
  });
  return { ...Object.fromEntries(options), ...file.options?.(config, tensors) };
}

/** PEFT writes null, or nothing in a list, for what is not chosen. */
const isLeftOut = (option: string, value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (emptyMeansAll.includes(option) && (value === '' || (Array.isArray(value) && value.length === 0)));

const emptyMeansAll: readonly string[] = ['excludeModules', 'layersToTransform', 'layersPattern'];

/** PEFT names modules twice, and takes one number of a layer for a list. */
function plain(option: string, value: unknown): unknown {
  if (option === 'modulesToSave' && Array.isArray(value)) return [...new Set(value)];
  return option === 'layersToTransform' && typeof value === 'number' ? [value] : value;
}

/** What PEFT writes for every method, which changes nothing here. */
const alwaysHarmless = [
  'peft_type',
  'task_type',
  'base_model_name_or_path',
  'auto_mapping',
  'peft_version',
  'revision',
  'inference_mode',
  'fan_in_fan_out',
];

/** Fields that are on and that Attune does not know: those of a newer PEFT may change the formula. */
function newerFields({ file, config }: AdapterFiles, { file: rules }: AdapterMethod): readonly string[] {
  const { fields, constants, harmless, refused } = rules;
  const known = new Set([
    ...alwaysHarmless,
    ...Object.values(fields),
    ...Object.keys(constants),
    ...harmless,
    ...refused,
  ]);
  const on = Object.keys(config).filter((name) => !known.has(name) && isOn(config[name]));
  if (on.length === 0) return [];
  const more = on.length > 10 ? ` and ${on.length - 10} more` : '';
  const list = on.slice(0, 10).map((name) => `${shortened(name)} (${shortened(JSON.stringify(config[name]))})`);
  return [`${file}: Attune does not know ${list.join(', ')}${more}; the adapter may compute something else here`];
}

const isOn = (value: unknown): boolean =>
  typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
