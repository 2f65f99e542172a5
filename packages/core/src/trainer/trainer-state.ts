import { label, readJson, type Storage } from '@attune/hub';
import { inEnglish } from '@attune/hub/internal';
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { count, nonnegative, size } from '../fields.js';

const schema = z.strictObject({
  /** Optimizer steps done; epoch, batch and all randomness are functions of it. */
  step: count,
  /** Epochs done, with a fraction. */
  epoch: nonnegative,
  /** False where the evaluation that is due after this step was interrupted. */
  evaluated: z.boolean(),
  /** The best evaluation, and how many evaluations since bring early stopping nearer. */
  best: z.strictObject({
    metric: z.string(),
    greaterIsBetter: z.boolean(),
    data: z.nullable(z.string()),
    value: z.nullable(z.number()),
    step: z.int(),
    stale: z.int(),
  }),
  schedule: z.nullable(z.record(z.string(), z.unknown())),
  /** Micro-batches that each batch is cut into: they decide over masks of dropout and the order of sums. */
  batchParts: z._default(size, 1),
});

/** The trainer's position and scores, as trainer.json of a checkpoint holds them. */
export type TrainerState = z.infer<typeof schema>;

/** Reads it from a checkpoint. @throws AttuneError `E_CHECKPOINT`, `E_FILE_JSON` */
export async function readTrainerState(storage: Storage, checkpoint: string): Promise<TrainerState> {
  const path = `${checkpoint}/trainer.json`;
  const parsed = schema.safeParse(await readJson(storage, path), inEnglish);
  if (parsed.success) return parsed.data;
  const file = label(storage, path);
  throw new AttuneError('E_CHECKPOINT', `${file} is not a trainer's state: ${parsed.error.issues[0]?.message}.`, {
    file,
  });
}
