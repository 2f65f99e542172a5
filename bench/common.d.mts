export const root: string;
export const scripts: string;
export const shared: string;
export const miniLm: string;
export const python: string;
export const defaultsResults: string;

export interface DefaultsRun {
  readonly seed: number;
  readonly set: string;
  readonly model: string;
  readonly strategy: string;
  /** Factors on the rate and the length of the recipe. */
  readonly rate: number;
  readonly length: number;
}

export function readDefaults(): DefaultsRun[];

export function median(values: readonly number[]): number;

export function writeResults(name: string, results: object): void;

/** @returns the object on the last line that a command prints */
export function lastLine<Answer extends object>(
  command: string,
  args: readonly string[],
  cwd?: string,
): Promise<Answer>;
