import { inEnglish } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import * as z from 'zod/mini';
import { count, nonnegative } from '../fields.js';

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
});

/** The trainer's position and scores, as trainer.json of a checkpoint holds them. */
export type TrainerState = z.infer<typeof schema>;

/** @throws AttuneError `E_CHECKPOINT` */
export function parseTrainerState(value: unknown, file: string): TrainerState {
  const parsed = schema.safeParse(value, inEnglish);
  if (parsed.success) return parsed.data;
  throw new AttuneError('E_CHECKPOINT', `${file} is not a trainer's state: ${parsed.error.issues[0]?.message}.`, {
    file,
  });
}
