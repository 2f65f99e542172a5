/** meta.json of the model and adapter cases. */
import { z } from 'zod';

export const trajectorySchema = z.looseObject({
  optimizer: z.literal('adamw'),
  betas: z.tuple([z.number(), z.number()]),
  eps: z.number(),
  weight_decay: z.number(),
  lr: z.number(),
  steps: z.number().int(),
});

export const noiseSchema = z
  .looseObject({ noisy_parameters: z.record(z.string(), z.number()).optional() })
  .nullish()
  .transform((noise) => noise ?? {});

export type Noise = z.infer<typeof noiseSchema>;

/** The documented tolerance, or ten times the case's own float32 noise where that is larger. */
export function toleranceOf(
  documented: number,
  noise: Noise,
  key: string,
): { readonly rtol: number; readonly atol: number } {
  const own = noise[key];
  return { rtol: 0, atol: Math.max(documented, typeof own === 'number' ? 10 * own : 0) };
}
