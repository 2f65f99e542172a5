/** A student whose layers learn those of a teacher. */
import { add, and, cast, div, equal, mul, reshape, select, sub, sum, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { count } from '../fields.js';
import type { HostBatch, Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { fieldOf, namedValue } from './labels.js';

const schema = z.strictObject({
  /** Pairs of a student's layer and the teacher's that it learns; 0 is the embeddings. */
  layers: z.array(z.tuple([count, count])).check(z.minLength(1)),
  /** The student's outputs are `<output>.<i>`; `hiddenStates` by default, for a projection the name that it has. */
  output: z._default(z.string(), 'hiddenStates'),
});

export type HiddenStateDistillationOptions = z.input<typeof schema>;

/** The batch field of a teacher's layer. */
export const teacherStates = (index: number): string => `teacherHiddenStates.${index}`;

/**
 * The mean squared error between hidden states of student and teacher (Jiao et al. 2019, TinyBERT, arXiv 1909.10351),
 * over attended tokens, widths and pairs of layers. The student's `hiddenStates.<i>` and the batch fields
 * `teacherHiddenStates.<j>`, f32 [batch, tokens, width] both: models of one width, or a student
 * under `withProjections`. A token whose teacher state is NaN
 * counts for nothing.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function hiddenStateDistillation(options: HiddenStateDistillationOptions): Objective {
  const parsed = parseOptions(schema, options, 'hidden state distillation');
  const { layers, output } = parsed;
  const first = teacherStates(layers[0]![1]);
  return {
    name: 'hidden state distillation',
    options: parsed,
    countNames: ['tokens'],
    labelNames: ['attentionMask', ...new Set(layers.map(([, teacher]) => teacherStates(teacher)))],
    counts: (batch) => ({ tokens: countTokens(batch, first) }),
    loss({ forward, batch, totals }) {
      const outputs = forward();
      const mask = namedValue(batch, 'attentionMask');
      const errors = layers.map(([student, teacher]) =>
        layerError(namedValue(outputs, `${output}.${student}`), namedValue(batch, teacherStates(teacher)), mask),
      );
      return div(errors.reduce(add), mul(namedValue(totals, 'tokens'), layers.length));
    },
  };
}

/** The sum over tokens of the mean squared error over the width. */
function layerError(student: Value, teacher: Value, mask: Value): Value {
  const isAttended = equal(reshape(mask, [...mask.type.shape, 1]), 1);
  const counts = and(equal(teacher, teacher), isAttended);
  const difference = mul(sub(student, select(counts, teacher, 0)), cast(counts, 'f32'));
  return div(sum(mul(difference, difference)), teacher.type.shape.at(-1)!);
}

function countTokens(batch: HostBatch, teacher: string): number {
  const { type, data } = fieldOf(batch, teacher);
  const width = type.shape.at(-1)!;
  const mask = fieldOf(batch, 'attentionMask').data;
  return mask.filter((attended, token) => attended === 1 && !Number.isNaN(data[token * width])).length;
}
