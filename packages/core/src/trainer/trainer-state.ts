import { AttuneError } from '@attune/ir';
import { z } from 'zod';

const schema = z.strictObject({
  /** Optimizer steps done; epoch, batch and all randomness are functions of it. */
  step: z.number().int().nonnegative(),
  /** Epochs done, with a fraction. */
  epoch: z.number().nonnegative(),
  /** False where the evaluation that is due after this step was interrupted. */
  evaluated: z.boolean(),
  /** The best evaluation, and how many evaluations since bring early stopping nearer. */
  best: z.strictObject({ value: z.number().nullable(), step: z.number().int(), stale: z.number().int() }),
  schedule: z.record(z.string(), z.unknown()).nullable(),
});

/** The trainer's position and scores, as trainer.json of a checkpoint holds them. */
export type TrainerState = z.infer<typeof schema>;

/** @throws AttuneError `E_CHECKPOINT` */
export function parseTrainerState(value: unknown, file: string): TrainerState {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AttuneError('E_CHECKPOINT', `${file} is not a trainer's state: ${parsed.error.issues[0]?.message}.`, {
    file,
  });
}
