/** `attune.config.ts` (or .js, .json): what it holds, before anything is known about its fields. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, extname, resolve } from 'node:path';
import { jsonFault } from '@attune/hub';
import { AttuneError } from '@attune/ir';

export interface ConfigFile {
  readonly values: Readonly<Record<string, unknown>>;
  /** As the user calls it; undefined where there is none. */
  readonly file: string | undefined;
}

const scripts = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];
const defaults = ['.json', ...scripts].map((extension) => `attune.config${extension}`);

/**
 * The file given, or attune.config.* in the working directory.
 * @throws AttuneError `E_CONFIG` for a file that is missing, does not load, holds no object, or has a key twice, a value
 * that is null, or a key `__proto__`
 */
export async function readConfigFile(named: string | undefined): Promise<ConfigFile> {
  const file = named ?? defaults.find((name) => existsSync(name));
  if (file === undefined) return { values: {}, file };
  const values = await readValue(file);
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    const found = Array.isArray(values) ? 'a list' : JSON.stringify(values);
    throw wrong(file, `${file} holds ${found ?? typeof values}; an object with options is needed.`);
  }
  const prototype: unknown = Object.getPrototypeOf(values);
  if (Object.hasOwn(values, '__proto__') || (prototype !== null && prototype !== Object.prototype)) {
    throw wrong(file, `${file}: __proto__ is no option.`, '__proto__');
  }
  for (const [key, value] of Object.entries(values)) {
    if (value === null) throw wrong(file, `${file}: ${key} is null; leave it out, or give it a value.`, key);
  }
  return { values: { ...values }, file };
}

async function readValue(file: string): Promise<unknown> {
  if (!existsSync(file)) throw wrong(file, `There is no config file ${file}.`);
  const extension = extname(file);
  if (extension !== '.json' && !scripts.includes(extension)) {
    throw wrong(file, `${file} is no config file; its name must end in .json, .ts or .js.`);
  }
  try {
    return extension === '.json' ? await readJson(file) : await importValue(resolve(file));
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
    throw wrong(file, `${file} cannot be loaded: ${reason}.`, undefined, cause);
  }
}

async function readJson(file: string): Promise<unknown> {
  const content = await readFile(file, 'utf8');
  const value: unknown = JSON.parse(content);
  const fault = jsonFault(content, { maxDepth: 20 });
  if (fault) throw wrong(file, `${file} ${fault.problem}.`, fault.field);
  return value;
}

/** What a script exports. c12 loads it and adds nothing: it would drop what is null, and follow `extends`. */
async function importValue(file: string): Promise<unknown> {
  let exported: unknown;
  const { loadConfig } = await import('c12');
  await loadConfig({
    cwd: dirname(file),
    configFile: file,
    extend: false,
    giget: false,
    dotenv: false,
    rcFile: false,
    globalRc: false,
    packageJson: false,
    jitiOptions: { interopDefault: false },
    async resolve(_, { jiti }) {
      exported = await jiti?.import(file);
      return { config: {}, configFile: file, cwd: dirname(file) };
    },
  });
  return typeof exported === 'object' && exported !== null && 'default' in exported ? exported.default : exported;
}

const wrong = (file: string, message: string, field?: string, cause?: unknown): AttuneError =>
  new AttuneError('E_CONFIG', message, { file, cause, ...(field === undefined ? {} : { field }) });
