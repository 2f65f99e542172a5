/** A student whose sentence embeddings learn those of a teacher. */
import { cast, div, equal, mul, reshape, select, squaredError, sub, sum, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import type { Objective } from '../objective.js';
import { parseOptions } from '../parse-options.js';
import { cosineMatrix, cosineRows } from './cosines.js';
import { fieldOf, namedValue } from './labels.js';

const schema = z.strictObject({
  /**
   * `cosine`, the default: 1 - cosine. `mse`: the mean squared error. `similarities`: the mean squared error of the
   * cosines of all pairs in a batch, for a student and a teacher of different widths.
   */
  loss: z._default(z.enum(['cosine', 'mse', 'similarities']), 'cosine'),
  /** The student's output, [batch, width]; `normalized` by default. */
  output: z._default(z.string(), 'normalized'),
});

export type EmbeddingDistillationOptions = z.input<typeof schema>;

/**
 * Sentence embeddings after a teacher's (Reimers and Gurevych 2020, arXiv 2004.09813; `similarities`: Tung and Mori 2019,
 * arXiv 1907.09682). The batch field `teacherEmbeddings` is f32 [batch, width]; a row of NaN counts for nothing.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function embeddingDistillation(options: EmbeddingDistillationOptions = {}): Objective {
  const parsed = parseOptions(schema, options, 'embedding distillation');
  const errors = rowErrors[parsed.loss];
  return {
    name: 'embedding distillation',
    options: parsed,
    countNames: ['targets'],
    labelNames: ['teacherEmbeddings'],
    counts(batch) {
      const { type, data } = fieldOf(batch, 'teacherEmbeddings');
      const [rows, width] = type.shape;
      const known = Array.from({ length: rows! }, (_, row) => data[row * width!]).filter(
        (first) => !Number.isNaN(first),
      );
      return { targets: parsed.loss === 'similarities' ? known.length ** 2 : known.length };
    },
    loss({ forward, batch, totals }) {
      const outputs = forward();
      const teacher = namedValue(batch, 'teacherEmbeddings');
      const isKnown = equal(teacher, teacher);
      const weights = cast(equal(sum(cast(isKnown, 'f32'), { axes: [1] }), teacher.type.shape[1]!), 'f32');
      const loss = errors(namedValue(outputs, parsed.output), select(isKnown, teacher, 0), weights);
      return div(sum(mul(loss, weights)), namedValue(totals, 'targets'));
    },
  };
}

/** The error of each row; a row of weight 0 counts for nothing. */
type RowErrors = (student: Value, teacher: Value, weights: Value) => Value;

const rowErrors: Readonly<Record<z.output<typeof schema>['loss'], RowErrors>> = {
  cosine: (student, teacher) => sub(1, cosineRows(student, teacher)),
  mse: (student, teacher) => div(sum(squaredError(student, teacher), { axes: [1] }), teacher.type.shape[1]!),
  similarities(student, teacher, weights) {
    const error = squaredError(cosineMatrix(student, student), cosineMatrix(teacher, teacher));
    return sum(mul(error, reshape(weights, [1, -1])), { axes: [1] });
  },
};
