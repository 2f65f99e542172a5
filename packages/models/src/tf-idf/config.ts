import * as z from 'zod/mini';

/** Weighted counts of terms under a linear classifier. */
export const tfidfConfigSchema = z
  .looseObject({
    model_type: z.literal('tf-idf'),
    /** Terms, and one id for padding. */
    vocab_size: z.int().check(z.positive()),
    /** How many terms there are of each kind: the weights of each kind have the length 1. */
    block_sizes: z.array(z.int().check(z.nonnegative())).check(z.minLength(1), z.maxLength(16)),
    /** Counts a term 1 + ln(count) times. */
    sublinear_tf: z._default(z.boolean(), false),
  })
  .check(
    z.refine(({ vocab_size, block_sizes }) => block_sizes.reduce((sum, size) => sum + size, 1) === vocab_size, {
      error: 'with the padding give another number than vocab_size',
      path: ['block_sizes'],
    }),
  );

export type TfidfConfig = z.infer<typeof tfidfConfigSchema>;
