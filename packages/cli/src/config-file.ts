/** `attune.config.ts` (or .js, .json): what it holds, before anything is known about its fields. */
import { constants, existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { jsonFault } from '@attune/hub/internal';
import { AttuneError } from '@attune/ir';
import { keyPlaces, placeAt, syntaxFault } from './config-place.js';

export interface ConfigFile {
  readonly values: Readonly<Record<string, unknown>>;
  /** As the user calls it; undefined where there is none. */
  readonly file: string | undefined;
  /** Of a JSON file: where a key stands, as messages say it. */
  readonly placeOf?: ((key: string) => string) | undefined;
}

export interface ConfigRequest {
  /** The file of `--config`. */
  readonly named: string | undefined;
  /** Whether a script that lies in the working directory may run; one that is named always does. */
  readonly runsScripts: boolean;
  /** Takes the sentence that says that a script was left alone. */
  readonly note: (line: string) => void;
}

const scripts = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];
const JSON_NAME = 'attune.config.json';

const MAX_BYTES = 2 ** 20;
const MAX_DEPTH = 20;

/**
 * The file given, or attune.config.* in the working directory.
 * @throws AttuneError `E_CONFIG` for a file that is missing, too large, not UTF-8, does not load, holds no object, or has
 * a key twice, a value that is null, or a key `__proto__`
 */
export async function readConfigFile({ named, runsScripts, note }: ConfigRequest): Promise<ConfigFile> {
  const file = named ?? foundFile(runsScripts, note);
  if (file === undefined) return { values: {}, file };
  const { values, text } = await readValue(file);
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    const found = Array.isArray(values) ? 'a list' : JSON.stringify(values);
    throw wrong(file, `${file} holds ${found ?? typeof values}; an object with options is needed.`);
  }
  const placeOf = text === undefined ? undefined : keyPlaces(file, text);
  const place = placeOf ?? (() => file);
  const prototype: unknown = Object.getPrototypeOf(values);
  if (Object.hasOwn(values, '__proto__') || (prototype !== null && prototype !== Object.prototype)) {
    throw wrong(file, `${place('__proto__')}: __proto__ is no option.`, '__proto__');
  }
  for (const [key, value] of Object.entries(values)) {
    if (value === null) throw wrong(file, `${place(key)}: ${key} is null; leave it out, or give it a value.`, key);
  }
  return { values: { ...values }, file, placeOf };
}

/** A script in the working directory is code of whoever made that directory, so most commands leave it alone. */
function foundFile(runsScripts: boolean, note: (line: string) => void): string | undefined {
  if (existsSync(JSON_NAME)) return JSON_NAME;
  const script = scripts.map((extension) => `attune.config${extension}`).find((name) => existsSync(name));
  if (script === undefined || runsScripts) return script;
  note(`${script} was not run: only attune train runs a script that it finds; others need --config ${script}`);
  return undefined;
}

interface Loaded {
  readonly values: unknown;
  readonly text?: string;
}

async function readValue(file: string): Promise<Loaded> {
  if (!existsSync(file)) throw wrong(file, `There is no config file ${file}.`);
  const extension = extname(file);
  if (extension !== '.json' && !scripts.includes(extension)) {
    throw wrong(file, `${file} is no config file; its name must end in .json, .ts or .js.`);
  }
  try {
    const text = await readText(file);
    return extension === '.json' ? { values: parsed(file, text), text } : { values: await importValue(resolve(file)) };
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
    throw wrong(file, `${file} cannot be loaded: ${reason}.`, undefined, cause);
  }
}

/** Opens without waiting, as a pipe would have it, and reads no more than is allowed. */
async function readText(file: string): Promise<string> {
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const found = await handle.stat();
  if (!found.isFile()) throw wrong(file, `${file} is not a regular file.`);
  if (found.size > MAX_BYTES) {
    throw wrong(file, `${file} has ${found.size} bytes; a config file has at most ${MAX_BYTES}.`);
  }
  const bytes = await handle.readFile();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw wrong(file, `${file} is not valid UTF-8.`, undefined, cause);
  }
}

function parsed(file: string, text: string): unknown {
  const fault = jsonFault(text, { maxDepth: MAX_DEPTH });
  if (fault) throw wrong(file, `${placeAt(file, text, fault.offset)}: the file ${fault.problem}.`, fault.field);
  const syntax = syntaxFault(text);
  if (syntax)
    throw wrong(file, `${placeAt(file, text, syntax.offset)}: the file is not valid JSON: ${syntax.problem}.`);
  return JSON.parse(text);
}

/** What a script exports. Nothing is kept: a cache in the temporary directory could hold code of another user. */
async function importValue(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  const jiti = createJiti(import.meta.url, { fsCache: false, moduleCache: false, interopDefault: false });
  const exported: unknown = await jiti.import(file);
  return typeof exported === 'object' && exported !== null && 'default' in exported ? exported.default : exported;
}

const wrong = (file: string, message: string, field?: string, cause?: unknown): AttuneError =>
  new AttuneError('E_CONFIG', message, { file, cause, ...(field === undefined ? {} : { field }) });
