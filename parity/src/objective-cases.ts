/** The objective of a golden case, by the fixture's name, and how the case's inputs reach it. */
import {
  causalLanguageModeling,
  coSent,
  cosineSimilarity,
  cpo,
  dpo,
  dpoLossTypes,
  logitDistillation,
  maskedLanguageModeling,
  multiLabelClassification,
  multipleNegativesRanking,
  type Objective,
  orpo,
  questionAnsweringObjective,
  rDrop,
  regression,
  rewardModeling,
  sequenceClassificationObjective,
  simCse,
  tokenClassificationObjective,
  triplet,
} from '@attune/core';
import { type HostTensor, hostTensor, sliceAxis } from '@attune/ir';
import { z } from 'zod';
import type { GoldenCase, LoadedCase } from './golden-file.js';

type Tensors = ReadonlyMap<string, HostTensor>;

export interface ObjectiveCase {
  readonly objective: Objective;
  /** What the objective calls an input, where that is not the fixture's name in camel case. */
  readonly names?: Readonly<Record<string, string>>;
  /** Inputs that are the columns of one output of the model: the rows of one behind those of the other. */
  readonly columns?: { readonly output: string; readonly inputs: readonly string[] };
  /** Counts of the whole step, if they are others than the batch's. */
  readonly totals?: Readonly<Record<string, number>>;
  /** Inputs that are one output of the model in its first pass and in a second one, or in that of its base. */
  readonly passes?: { readonly output: string; readonly inputs: readonly string[] };
}

/** Undefined where there is no such objective yet. */
export function objectiveCase(found: LoadedCase, tensors: Tensors): ObjectiveCase | undefined {
  const { attributes } = found.golden;
  switch (found.op) {
    case 'question_answering':
      return { objective: questionAnsweringObjective(), names: { start: 'startPositions', end: 'endPositions' } };
    case 'distillation':
      return { objective: distillation(attributes, tensors), names: { student: 'logits', teacher: 'teacherLogits' } };
    case 'causal_lm': {
      const { num_items: targets } = z.looseObject({ num_items: z.number().nullable() }).parse(attributes);
      const objective = causalLanguageModeling({ classes: tensors.get('in.logits')!.type.shape.at(-1)! });
      return { objective, ...(targets === null ? {} : { totals: { targets } }) };
    }
    case 'dpo':
      return dpoCase(attributes);
    case 'cpo':
    case 'simpo':
      return { objective: cpo(cpoSchema.parse(attributes)), passes: onePass };
    case 'orpo':
      return { objective: orpo({ beta: z.looseObject({ beta: z.number() }).parse(attributes).beta }), passes: onePass };
    case 'reward': {
      const { margin, center } = z
        .looseObject({ margin: z.boolean(), center: z.number().nullable() })
        .parse(attributes);
      const objective = rewardModeling({ margin, ...(center === null ? {} : { centerRewardsCoefficient: center }) });
      return { objective, names: { rewards: 'logits' }, passes: { ...onePass, inputs: ['rewards'] } };
    }
    case 'multiple_negatives_ranking':
      return contrastive(attributes);
    case 'simcse':
      return simCseCase(attributes);
    case 'triplet': {
      const { distance, margin } = tripletSchema.parse(attributes);
      const inputs = ['anchor', 'positive', 'negative'];
      return { objective: triplet({ distance, margin, output: 'column' }), columns: { output: 'column', inputs } };
    }
    case 'cosine_similarity':
      return { objective: cosineSimilarity(), columns: { output: 'normalized', inputs: ['a', 'b'] } };
    case 'cosent': {
      const { scale } = z.looseObject({ scale: z.number() }).parse(attributes);
      return { objective: coSent({ scale }), columns: { output: 'normalized', inputs: ['a', 'b'] } };
    }
    case 'r_drop': {
      const { alpha } = z.looseObject({ alpha: z.number() }).parse(attributes);
      const classes = tensors.get('in.logits1')!.type.shape[1]!;
      return { objective: rDrop({ classes, alpha }), passes: { output: 'logits', inputs: ['logits1', 'logits2'] } };
    }
    default: {
      const objective = classifier(found, tensors);
      return objective && { objective };
    }
  }
}

const onePass = { output: 'logits', inputs: ['logits'] };

const tripletSchema = z.looseObject({
  distance: z.enum(['euclidean', 'cosine', 'manhattan']),
  margin: z.number(),
});

const contrastSchema = z.looseObject({
  columns: z.array(z.string()),
  scale: z.number().optional(),
  symmetric: z.boolean().default(false),
  temperature: z.number().default(1),
});

function contrastive(attributes: GoldenCase['attributes']): ObjectiveCase {
  const { columns: inputs, scale, symmetric } = contrastSchema.parse(attributes);
  const objective = multipleNegativesRanking({ columns: inputs.length, scale, symmetric });
  return { objective, columns: { output: 'normalized', inputs } };
}

/** Two columns are two passes of the same texts; the third is of contradictions. */
function simCseCase(attributes: GoldenCase['attributes']): ObjectiveCase {
  const { columns: inputs, temperature } = contrastSchema.parse(attributes);
  const output = 'normalized';
  if (inputs.length === 2) return { objective: simCse({ temperature }), passes: { output, inputs } };
  const objective = multipleNegativesRanking({ columns: inputs.length, scale: 1 / temperature });
  return { objective, columns: { output, inputs } };
}

const dpoSchema = z.looseObject({
  loss: z.string(),
  beta: z.number(),
  label_smoothing: z.number(),
  reference_free: z.boolean(),
  f_divergence: z.enum(['reverse_kl', 'js_divergence']).default('reverse_kl'),
});

/** Undefined for losses of TRL that are not known here. */
function dpoCase(attributes: GoldenCase['attributes']): ObjectiveCase | undefined {
  const { loss, beta, label_smoothing, reference_free, f_divergence } = dpoSchema.parse(attributes);
  const lossType = dpoLossTypes.find((type) => type === (loss === 'conservative' ? 'sigmoid' : loss));
  if (!lossType) return undefined;
  const reference = reference_free ? 'none' : 'base';
  const objective = dpo({ beta, lossType, labelSmoothing: label_smoothing, fDivergence: f_divergence, reference });
  return { objective, passes: { output: 'logits', inputs: ['logits', 'ref_logits'] } };
}

const cpoSchema = z
  .object({
    loss: z.enum(['sigmoid', 'hinge', 'ipo', 'simpo']).default('simpo'),
    beta: z.number(),
    gamma: z.number().default(0),
    cpo_alpha: z.number().default(0),
    label_smoothing: z.number().default(0),
  })
  .transform(({ loss: lossType, beta, gamma: simpoGamma, cpo_alpha: cpoAlpha, label_smoothing: labelSmoothing }) => ({
    ...{ lossType, beta, simpoGamma, cpoAlpha, labelSmoothing },
  }));

const distillationSchema = z.union([
  z.looseObject({ beta: z.number(), temperature: z.number() }),
  z.looseObject({ alpha: z.number(), temperature: z.number() }),
]);

function distillation(attributes: GoldenCase['attributes'], tensors: Tensors): Objective {
  const classes = tensors.get('in.student')!.type.shape.at(-1)!;
  const parsed = distillationSchema.parse(attributes);
  const { temperature } = parsed;
  if ('alpha' in parsed) return logitDistillation({ classes, temperature, softWeight: Number(parsed.alpha) });
  const { beta } = parsed;
  return logitDistillation({ classes, temperature, beta, softWeight: 1, scaledByTemperature: false });
}

function classifier({ op, golden }: LoadedCase, tensors: Tensors): Objective | undefined {
  const classes = tensors.get('in.logits')?.type.shape.at(-1) ?? 0;
  const { attributes } = golden;
  switch (op) {
    case 'sequence_classification':
      if (attributes.problem_type === 'regression') return regression();
      if (attributes.problem_type === 'multi_label_classification' || attributes.problem_type === 'multi_label')
        return multiLabelClassification();
      return sequenceClassificationObjective({ classes });
    case 'token_classification':
      return tokenClassificationObjective({ classes });
    case 'masked_lm':
      return maskedLanguageModeling({ classes });
    case 'classification_losses':
      return weightedLoss(attributes, classes);
    default:
      return undefined;
  }
}

const smoothedSchema = z.looseObject({ epsilon: z.number(), shift: z.boolean() });

const focalSchema = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('softmax'), gamma: z.number(), alpha: z.array(z.number()).nullable() }),
  z.looseObject({ kind: z.literal('sigmoid'), gamma: z.number(), alpha: z.number().nullable() }),
]);

function weightedLoss(attributes: GoldenCase['attributes'], classes: number): Objective | undefined {
  const smoothed = smoothedSchema.safeParse(attributes);
  if (smoothed.success) {
    const objective = tokenClassificationObjective({ classes, labelSmoothing: smoothed.data.epsilon });
    return smoothed.data.shift ? shifted(objective) : objective;
  }
  const focal = focalSchema.safeParse(attributes);
  if (!focal.success) return undefined;
  const { kind, gamma, alpha } = focal.data;
  if (kind === 'sigmoid') return multiLabelClassification({ focal: { gamma, ...(alpha === null ? {} : { alpha }) } });
  return sequenceClassificationObjective({ classes, focal: { gamma, ...(alpha === null ? {} : { alpha }) } });
}

/** Each position's logits against the next position's label. */
function shifted(objective: Objective): Objective {
  return {
    ...objective,
    counts(batch) {
      const labels = batch.labels!;
      const width = labels.type.shape[1]!;
      const later = Array.from(labels.data).filter((_, index) => index % width > 0);
      return objective.counts({ labels: hostTensor([labels.type.shape[0]!, width - 1], later, 'i32') });
    },
    loss({ forward, batch: { labels }, ...context }) {
      const width = labels!.type.shape[1]!;
      const logits = sliceAxis(forward().logits!, 1, 0, width - 1);
      return objective.loss({
        forward: () => ({ logits }),
        batch: { labels: sliceAxis(labels!, 1, 1, width) },
        ...context,
      });
    },
  };
}
