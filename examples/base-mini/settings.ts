/** What the recipe of the base depends on. */
import { parseArgs } from 'node:util';
import { z } from 'zod';

const count = z.coerce.number().int().positive();
const minutes = z.coerce.number().positive();

const schema = z.strictObject({
  /** Corpus, evaluation data and teacher lie below it. */
  shared: z.string(),
  /** Runs and caches; a second call goes on from what is there. */
  work: z.string(),
  /** Where the finished model goes. */
  output: z.string(),
  /** Where the curves go. */
  curves: z.string(),
  seed: z.coerce.number().int().nonnegative().default(0),
  pieces: count.default(7000),
  /** Passages of the corpus; all by default. */
  passages: count.optional(),
  /** Texts that the teacher reads. */
  teacherTexts: count.default(40_000),
  /** Optimizer steps, or minutes that are turned into steps by a measurement on this machine. */
  stepsMlm: count.default(300),
  minutesMlm: minutes.optional(),
  stepsDistill: count.default(2400),
  minutesDistill: minutes.optional(),
  batchMlm: count.default(32),
  batchDistill: count.default(64),
  /** Optimizer steps between checkpoints. */
  saveSteps: count.default(200),
  threads: count.optional(),
});

export type Settings = z.output<typeof schema>;

const kebabCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const camelCase = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** @throws for an unknown flag, and for a value that is not what its flag takes */
export function readSettings(
  args: readonly string[],
  defaults: Pick<Settings, 'shared' | 'work' | 'output' | 'curves'>,
) {
  const options = Object.fromEntries(
    Object.keys(schema.shape).map((name) => [kebabCase(name), { type: 'string' }] as const),
  );
  const { values } = parseArgs({ args: [...args], options });
  const given = Object.entries(values).map(([name, value]) => [camelCase(name), value] as const);
  return schema.parse({ ...defaults, ...Object.fromEntries(given) });
}
