/** attune.json, which lies beside what Attune saves and holds what the files of PEFT and transformers do not say. */
import { readJson, type Storage, writeJson } from '@attune/hub';
import { problemTypes } from '@attune/tasks';
import * as z from 'zod/mini';
import { quantizations } from './quantizations.js';

const ATTUNE_FILE = 'attune.json';

const schema = z.looseObject({
  task: z.string(),
  /** Names of the classes, or of the numbers of a regression, in the order of the outputs. */
  labels: z.optional(z.array(z.string())),
  /** How the labels of sequence classification are meant. */
  problemType: z.optional(z.enum(problemTypes)),
  /** Tokens kept of each text in training. */
  maxLength: z.optional(z.int().check(z.positive())),
  /** What logits are divided by, so that probabilities can be believed; 1 by default. */
  temperature: z.optional(z.number().check(z.positive())),
  /** How the base's weights were packed in training. */
  quantize: z.optional(z.enum(quantizations)),
  /** `weightsHash` of the model that training began with. */
  baseSha256: z.optional(z.string()),
});

export type AttuneFile = z.infer<typeof schema>;

/** Undefined where there is none, or one of another kind. @throws AttuneError `E_FILE_JSON` */
export async function readAttuneFile(storage: Storage): Promise<AttuneFile | undefined> {
  if (!(await storage.exists(ATTUNE_FILE))) return undefined;
  const parsed = schema.safeParse(await readJson(storage, ATTUNE_FILE));
  const { tasks } = await import('./known-tasks.js');
  return tasks.some(({ name }) => name === parsed.data?.task) ? parsed.data : undefined;
}

export const writeAttuneFile = (storage: Storage, file: AttuneFile): Promise<void> =>
  writeJson(storage, ATTUNE_FILE, file);
