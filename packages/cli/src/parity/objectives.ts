import { runOnDevice } from '@attune/conformance';
import {
  eliminateDeadCode,
  grad,
  maskedLanguageModeling,
  multiLabelClassification,
  type Objective,
  questionAnswering,
  regression,
  sequenceClassification,
  tokenClassification,
  totalInput,
} from '@attune/core';
import { elementCount, type HostTensor, hostTensor, ProgramBuilder, sliceAxis, type Value } from '@attune/ir';
import { z } from 'zod';
import { camelCase } from './batch-file.js';
import { type GoldenCase, goldenCases, type LoadedCase } from './golden-file.js';
import { isOp } from './ops.js';
import { Comparison, type ParityContext, type ParityGroup, type ParityOutcome, unsupported } from './parity-case.js';

/** Files whose outputs are losses of training objectives. */
export const objectivesGroup: ParityGroup = async (folder) =>
  (await goldenCases(folder))
    .filter((found) => found.golden.g.length === 0 && !isOp(found))
    .map((found) => ({ id: found.id, run: (context) => runObjective(found, context) }));

type Tensors = ReadonlyMap<string, HostTensor>;

/** The objective of a case, by the fixture's name; undefined where there is none yet. */
function objectiveOf({ op, golden }: LoadedCase, tensors: Tensors): Objective | undefined {
  const classes = tensors.get('in.logits')?.type.shape.at(-1) ?? 0;
  const { attributes } = golden;
  switch (op) {
    case 'sequence_classification':
      if (attributes.problem_type === 'regression') return regression();
      if (attributes.problem_type === 'multi_label_classification' || attributes.problem_type === 'multi_label')
        return multiLabelClassification();
      return sequenceClassification({ classes });
    case 'token_classification':
      return tokenClassification({ classes });
    case 'masked_lm':
      return maskedLanguageModeling({ classes });
    case 'question_answering':
      return questionAnswering();
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
    const objective = tokenClassification({ classes, labelSmoothing: smoothed.data.epsilon });
    return smoothed.data.shift ? shifted(objective) : objective;
  }
  const focal = focalSchema.safeParse(attributes);
  if (!focal.success) return undefined;
  const { kind, gamma, alpha } = focal.data;
  if (kind === 'sigmoid') return multiLabelClassification({ focal: { gamma, ...(alpha === null ? {} : { alpha }) } });
  return sequenceClassification({ classes, focal: { gamma, ...(alpha === null ? {} : { alpha }) } });
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
    loss({ logits }, { labels }, totals) {
      const width = labels!.type.shape[1]!;
      return objective.loss(
        { logits: sliceAxis(logits!, 1, 0, width - 1) },
        { labels: sliceAxis(labels!, 1, 1, width) },
        totals,
      );
    },
  };
}

async function runObjective(found: LoadedCase, { device }: ParityContext): Promise<ParityOutcome> {
  const tensors = await found.load();
  const objective = objectiveOf(found, tensors);
  if (!objective) return unsupported(`the objective ${found.op} does not exist yet`);
  const { golden, tolerance } = found;
  const given = new Map(golden.in.map((name) => [fieldName(name), tensors.get(`in.${name}`)!]));
  if (objective.name === 'question answering') given.set('attentionMask', ones(given.get('startLogits')!));
  const batch = Object.fromEntries(given);
  const counts = objective.counts(batch);
  const builder = new ProgramBuilder(found.id);
  const values: Record<string, Value> = {};
  for (const [name, tensor] of Object.entries(batch)) values[name] = builder.input(name, tensor.type);
  const totals = Object.fromEntries(
    objective.countNames.map((name) => [name, builder.input(totalInput(name), { shape: [], dtype: 'f32' })]),
  );
  const program = builder.finish({ loss: objective.loss(values, values, totals) });
  const wrt = golden.grad.map(fieldName);
  const differentiated = wrt.length > 0 ? grad(program, { wrt }) : eliminateDeadCode(program);
  const results = await runOnDevice(device, differentiated, [
    ...Object.values(batch),
    ...objective.countNames.map((name) => hostTensor([], [counts[name]!])),
  ]);
  const comparison = new Comparison();
  comparison.addTensor('loss', results[0], tensors.get('out.loss')!, tolerance);
  for (const [index, name] of golden.grad.entries()) {
    comparison.addTensor(`grad of ${name}`, results[index + 1], tensors.get(`grad.${name}`)!, tolerance);
  }
  return comparison.outcome;
}

/** Our name of an input; question answering calls its positions `start` and `end`. */
const fieldName = (name: string): string => (name === 'start' || name === 'end' ? `${name}Positions` : camelCase(name));

function ones({ type }: HostTensor): HostTensor {
  return hostTensor(type.shape, new Int32Array(elementCount(type.shape)).fill(1), 'i32');
}
