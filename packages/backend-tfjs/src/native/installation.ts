/** Where `attune-tfjs-setup` puts TensorFlow and its binding, and what it says about them. In Node only. */

/** The release of TensorFlow that the setup installs. */
export const TENSORFLOW_VERSION = '2.21.0';

export type Variant = 'cpu' | 'cuda';

export interface Installation {
  readonly variant: Variant;
  readonly directory: string;
  /** Python's virtual environment, which has TensorFlow's libraries and headers. */
  readonly environment: string;
  /** The compiled binding. */
  readonly binding: string;
  /** What the binding was compiled for, as JSON; written last. */
  readonly record: string;
}

/** What the setup writes down. */
export interface SetupRecord {
  /** TensorFlow's version. */
  readonly tensorflow: string;
  /** Version of @tensorflow/tfjs-node, whose sources were compiled. */
  readonly sources: string;
}

/**
 * The paths of a variant, below `ATTUNE_TENSORFLOW` where that is set, else in the user's cache directory. They need not
 * exist.
 */
export function installationOf(variant: Variant): Installation {
  const { join } = globalThis.process.getBuiltinModule('node:path');
  const { homedir } = globalThis.process.getBuiltinModule('node:os');
  const { ATTUNE_TENSORFLOW, XDG_CACHE_HOME } = globalThis.process.env;
  const directory = join(
    ATTUNE_TENSORFLOW ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'attune'),
    `tensorflow-${variant}`,
  );
  return {
    variant,
    directory,
    environment: join(directory, 'python'),
    binding: join(directory, 'tfjs_binding.node'),
    record: join(directory, 'setup.json'),
  };
}

/** What was written down, undefined where nothing is set up. @throws SyntaxError, TypeError for a file that is not whole */
export function readRecord({ record }: Installation): SetupRecord | undefined {
  const { existsSync, readFileSync } = globalThis.process.getBuiltinModule('node:fs');
  if (!existsSync(record)) return undefined;
  const parsed: unknown = JSON.parse(readFileSync(record, 'utf8'));
  if (isRecord(parsed)) return parsed;
  throw new TypeError(`${record} is not a record of attune-tfjs-setup`);
}

const isRecord = (value: unknown): value is SetupRecord =>
  typeof value === 'object' &&
  value !== null &&
  'tensorflow' in value &&
  typeof value.tensorflow === 'string' &&
  'sources' in value &&
  typeof value.sources === 'string';
