/** A task as the commands use it: what they do with it does not depend on the types of its data and answers. */
import { answerInputs, type PredictionContext, type TokenizedDataset } from '@attune/core';
import { type RowDataset, sharedRowWarnings, tokenizedDataset } from '@attune/data';
import type { Storage } from '@attune/hub';
import { type LoadedModel, type LoadOptions, loadModel, type TaskModel } from '@attune/models';
import { maskedLanguageModelingTask } from './masked-language-modeling.js';
import type { CommandTaskName } from './names.js';
import { questionAnsweringTask } from './question-answering.js';
import { sequenceClassificationTask } from './sequence-classification.js';
import type { ShownAnswer, TaskDefinition } from './task-definition.js';
import type { TaskSettings } from './task-settings.js';
import { tokenClassificationTask } from './token-classification.js';

export interface CommandTask {
  readonly task: CommandTaskName;
  /** The model to train, and its data. */
  prepare(request: PrepareRequest): Promise<Prepared>;
  /** The data to evaluate a trained model on. */
  prepareEvaluation(loaded: LoadedModel, settings: TaskSettings & { readonly data: string }): Promise<Evaluation>;
  /** Answers of a trained model to what the settings ask, in their order. */
  predict(loaded: LoadedModel, settings: TaskSettings, context: PredictionContext): Promise<readonly ShownAnswer[]>;
}

export interface PrepareRequest {
  readonly directory: Storage;
  readonly settings: TaskSettings & { readonly train: string; readonly eval?: string | undefined };
  readonly load: Pick<LoadOptions, 'seed' | 'dropout'>;
  readonly signal: AbortSignal;
}

export interface Prepared {
  readonly model: TaskModel<unknown, never>;
  readonly train: TokenizedDataset;
  readonly evaluation: TokenizedDataset | undefined;
  readonly warnings: readonly string[];
}

export interface Evaluation {
  readonly model: TaskModel<unknown, never>;
  readonly dataset: TokenizedDataset;
  /** Rows of the file; a row may be several examples of the data set. */
  readonly rows: number;
  readonly warnings: readonly string[];
}

function commandTask<Example, Data extends RowDataset<Example>, Input, Answer, Model extends TaskModel<Answer, Input>>(
  definition: TaskDefinition<Example, Data, Input, Answer, Model>,
): CommandTask {
  const { task } = definition;
  const assemble = (loaded: LoadedModel, settings: TaskSettings) =>
    definition.assemble(
      loaded,
      settings,
      settings.maxLength ?? Math.min(definition.maxLength, loaded.model.maxPositions),
    );
  return {
    task,
    async prepare({ directory, settings, load, signal }) {
      const facts = { problemType: settings.problemType };
      const trainData = definition.open(settings.train, settings, facts);
      const evalData = settings.eval === undefined ? undefined : definition.open(settings.eval, settings, facts);
      const options = { ...load, ...(await definition.loadOptions(trainData, settings)), task };
      const { maxLength = definition.maxLength } = settings;
      const model = await definition.assemble(await loadModel(directory, options), settings, maxLength);
      signal.throwIfAborted();
      const train = await definition.encode(trainData, model, settings);
      const evaluation = evalData && (await definition.encode(evalData, model, settings));
      const warnings = [
        ...train.warnings,
        ...(evaluation?.warnings ?? []),
        ...(evalData ? await sharedRowWarnings(trainData, evalData, definition.keyOf) : []),
      ];
      return { model, train: train.dataset, evaluation: evaluation?.dataset, warnings };
    },
    async prepareEvaluation(loaded, settings) {
      const model = await assemble(loaded, settings);
      const data = definition.open(settings.data, settings, loaded);
      const { dataset, warnings } = await definition.encode(data, model, settings);
      return { model, dataset, rows: (await data.toArray()).length, warnings };
    },
    async predict(loaded, settings, context) {
      const model = await assemble(loaded, settings);
      const inputs = await definition.inputs(settings);
      const encoded = await model.text.encode(inputs);
      const examples = encoded.flatMap(({ rows }, index) =>
        rows.map((row) => ({ ...row, labels: {}, row: index + 1, truncated: false })),
      );
      const { padTokenId, maxLength, outputNames } = model.text;
      const dataset = tokenizedDataset(examples, { name: task, padTokenId, maxLength, labelFields: [] });
      const answers = await answerInputs(encoded, dataset, context, outputNames);
      return answers.map((answer, index) => definition.show(inputs[index]!, answer, model));
    },
  };
}

const tasks: Readonly<Record<CommandTaskName, CommandTask>> = {
  'sequence-classification': commandTask(sequenceClassificationTask),
  'token-classification': commandTask(tokenClassificationTask),
  'question-answering': commandTask(questionAnsweringTask),
  'masked-language-modeling': commandTask(maskedLanguageModelingTask),
};

export const commandTaskOf = (name: CommandTaskName): CommandTask => tasks[name];
