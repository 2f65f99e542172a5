/** Classifiers that answer together, such as ULMFiT's two, one of which reads forwards and one backwards. */
import { classificationReport, type EvaluationDetails } from '@attune/core';
import { LabelMap, type TextDataset } from '@attune/data';
import { classLabels, labelTexts } from '@attune/data/internal';
import type { Storage } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import type { AnswerOf, InputOf } from '@attune/models';
import { sequenceClassificationTask as task } from '@attune/tasks';
import { type OpenModel, type OpenModelOptions, openModel } from './open-model.js';

type Name = (typeof task)['name'];
type Member = OpenModel<Name>;
type Classification = AnswerOf<Name>;

/**
 * Opens several classifiers of the same labels as one, whose probabilities are the means of theirs (Howard and Ruder 2018,
 * section 3.3). Dispose of it at the end.
 * @param directories of at least one model or adapter, as for `openModel`
 * @throws AttuneError `E_CONFIG` for a model of other labels, or that does not give one class for each text; and as `openModel`
 */
export async function openEnsemble(
  directories: readonly (Storage | string)[],
  options: OpenModelOptions,
): Promise<Ensemble> {
  const members: Member[] = [];
  try {
    for (const directory of directories) {
      const member = await openModel(directory, { ...options, task });
      members.push(member);
      requireFitting(member, members[0]!, typeof directory === 'string' ? directory : directory.name);
    }
  } catch (error) {
    await disposed(members);
    throw error;
  }
  return new Ensemble(members);
}

export interface EnsembleEvaluation {
  /** `loss`, `accuracy` and `macroF1`. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly details: EvaluationDetails;
  readonly examples: number;
}

export class Ensemble implements AsyncDisposable {
  readonly #members: readonly Member[];

  constructor(members: readonly Member[]) {
    this.#members = members;
  }

  /** Names of the classes, in the order of the first model. */
  get labels(): readonly string[] {
    return this.#members[0]?.labels ?? [];
  }

  /** What a user should know about the files. */
  get warnings(): readonly string[] {
    return this.#members.flatMap(({ warnings }) => warnings);
  }

  /** What the models say of each input on average, in the order of the inputs. @throws AttuneError as `OpenModel.predict` */
  async predict(
    inputs: readonly InputOf<Name>[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly Classification[]> {
    const answers: (readonly Classification[])[] = [];
    for (const member of this.#members) answers.push(await member.predict(inputs, options));
    return inputs.map((_, index) => mean(answers.map((each) => each[index]!)));
  }

  /**
   * How well they answer together: the loss is the mean of -ln of what is said of the true label.
   * @throws AttuneError `E_DATA_LABELS` for labels that the models do not know, and as `predict`
   */
  async evaluate(
    texts: TextDataset,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<EnsembleEvaluation> {
    const { items } = await labelTexts(texts, classLabels(new LabelMap(this.labels)));
    const targets = items.map(({ labels }) => [labels.labels ?? []].flat()[0]!);
    const answers = await this.predict(
      items.map(({ example: { text, textPair } }) => ({ text, textPair })),
      options,
    );
    const predictions = answers.map(({ label }) => this.labels.indexOf(label));
    const { accuracy, macroF1, perClass, confusions } = classificationReport(targets, predictions, this.labels);
    const losses = answers.map(({ labels }, index) => {
      const name = this.labels[targets[index]!];
      return -Math.log(Math.max(labels.find(({ label }) => label === name)!.score, Number.MIN_VALUE));
    });
    const loss = losses.reduce((sum, each) => sum + each, 0) / losses.length;
    return { metrics: { loss, accuracy, macroF1 }, details: { perClass, confusions }, examples: items.length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await disposed(this.#members);
  }
}

function mean(answers: readonly Classification[]): Classification {
  const totals = new Map<string, number>();
  for (const { label, score } of answers.flatMap(({ labels }) => labels)) {
    totals.set(label, (totals.get(label) ?? 0) + score);
  }
  const labels = [...totals]
    .map(([label, total]) => ({ label, score: total / answers.length }))
    .sort((one, other) => other.score - one.score);
  return { ...labels[0]!, labels };
}

function requireFitting({ labels, problemType }: Member, first: Member, name: string): void {
  if (problemType !== 'single_label_classification') {
    const message = `${name} is of the problem type ${problemType}; models answer together that give one class for each text.`;
    throw new AttuneError('E_CONFIG', message, { file: name, field: 'problemType' });
  }
  const other =
    labels.find((label) => !first.labels.includes(label)) ?? first.labels.find((each) => !labels.includes(each));
  if (other === undefined) return;
  const message = `${name} has other labels than the first model: only one of them knows "${other}".`;
  throw new AttuneError('E_CONFIG', message, { file: name, field: 'labels' });
}

const disposed = (members: readonly Member[]) => Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
