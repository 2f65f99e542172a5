/** A task as the commands use it: what they do with it does not depend on the types of its data and answers. */
import {
  answerInputs,
  type EncodingWatch,
  type ExampleSource,
  type PredictionContext,
  type TokenizedDataset,
} from '@attune/core';
import {
  type EncodedDataset,
  inChunks,
  type RowDataset,
  type RowProblem,
  sharedRowWarnings,
  tokenizedDataset,
  truncationWarnings,
} from '@attune/data';
import type { Storage } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { type LoadedModel, type LoadOptions, loadModel, type TaskModel } from '@attune/models';
import { encodeEach } from './asked.js';
import { causalLanguageModelingTask } from './causal-language-modeling.js';
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
  /** Tokens kept of each text where nobody says more, within a model's positions. */
  defaultLength(maxPositions: number): number;
  /** The data to evaluate a trained model on. */
  prepareEvaluation(
    loaded: LoadedModel,
    settings: TrainedSettings & { readonly data: string },
    watch: EncodingWatch,
  ): Promise<Evaluation>;
  /** Answers of a trained model to what the settings ask, in their order. */
  predict(
    loaded: LoadedModel,
    settings: TrainedSettings,
    context: PredictionContext,
    watch: EncodingWatch,
  ): Promise<Predictions>;
}

/** Settings with the length that the trained model takes. */
type TrainedSettings = TaskSettings & { readonly maxLength: number };

interface Predictions {
  /** In the order of the inputs. */
  readonly answers: readonly { readonly row: number | undefined; readonly shown: ShownAnswer }[];
  /** Inputs that cannot be answered. */
  readonly faults: readonly { readonly row: number | undefined; readonly fault: AttuneError }[];
  /** Rows that were left out. */
  readonly skipped: readonly RowProblem[];
  readonly warnings: readonly string[];
}

interface PrepareRequest {
  readonly directory: Storage;
  /** How an adapter of the model calls it; what the directory is called by default. */
  readonly base?: string | undefined;
  readonly settings: TaskSettings & { readonly train: string; readonly eval?: string | undefined };
  readonly load: Pick<LoadOptions, 'seed' | 'dropout' | 'quantize'>;
  /** How tokenizing a file is watched and ended. */
  watch(file: string): EncodingWatch;
}

export interface Prepared {
  readonly model: TaskModel<unknown, never>;
  /** Tokenized when they are first asked for. */
  readonly train: ExampleSource;
  readonly evaluation: ExampleSource | undefined;
}

interface Evaluation {
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
  const defaultLength = (maxPositions: number) => Math.min(definition.maxLength, maxPositions);
  return {
    task,
    defaultLength,
    async prepare({ directory, base, settings, load, watch }) {
      const facts = { problemType: settings.problemType };
      const trainData = definition.open(settings.train, settings, facts);
      const evalData = settings.eval === undefined ? undefined : definition.open(settings.eval, settings, facts);
      const options = { ...load, ...(await definition.loadOptions(trainData, settings)), task };
      const loaded = await loadModel(directory, options);
      const { maxLength = defaultLength(loaded.model.maxPositions) } = settings;
      const named = base === undefined ? loaded : { ...loaded, base };
      const model = await definition.assemble(named, settings, maxLength);
      const encoded = new Map<ExampleSource, Promise<EncodedDataset>>();
      const encodeOnce = (data: ExampleSource): Promise<EncodedDataset> => {
        const found = encoded.get(data) ?? model.encode(data, watch(data.name));
        encoded.set(data, found);
        return found;
      };
      return {
        model: {
          ...model,
          async encode(data) {
            const { warnings, ...result } = await encodeOnce(data);
            const shared = data === evalData ? await sharedRowWarnings(trainData, evalData, definition.keyOf) : [];
            return { ...result, warnings: [...warnings, ...shared] };
          },
        },
        train: trainData,
        evaluation: evalData,
      };
    },
    async prepareEvaluation(loaded, settings, watch) {
      const model = await definition.assemble(loaded, settings, settings.maxLength);
      const data = definition.open(settings.data, settings, loaded);
      const { dataset, warnings } = await model.encode(data, watch);
      return { model, dataset, rows: (await data.toArray()).length, warnings };
    },
    async predict(loaded, settings, context, watch) {
      const model = await definition.assemble(loaded, settings, settings.maxLength);
      const { asked, skipped } = await definition.inputs(settings);
      const { text } = model;
      if (!text) throw new AttuneError('E_CONFIG', `A model for ${task} does not answer.`, { field: 'model' });
      const encode = (chunk: typeof asked) => encodeEach(chunk, text);
      const encoded = (await inChunks(asked, encode, watch)).map((each, index) => ({ ...asked[index]!, ...each }));
      const faults = encoded.flatMap(({ row, fault }) => (fault ? [{ row, fault }] : []));
      const answerable = encoded.flatMap(({ encoded: found, ...from }) => (found ? [{ ...from, found }] : []));
      // What the command line itself asks fails as a whole.
      const [first] = faults;
      if (first && (first.row === undefined || answerable.length === 0)) throw first.fault;
      const examples = answerable.flatMap(({ found, row: line = 1 }) =>
        found.rows.map((row) => ({ ...row, labels: {}, row: line, truncated: row.truncated ?? false })),
      );
      const { padTokenId, maxLength, outputNames } = text;
      const source = settings.piped?.name ?? settings.data;
      const dataset = tokenizedDataset(examples, { name: task, padTokenId, maxLength, labelFields: [] });
      const found = answerable.map((each) => each.found);
      const answers = await answerInputs(found, dataset, context, outputNames);
      return {
        answers: answers.map((answer, index) => {
          const { input, row } = answerable[index]!;
          return { row, shown: definition.show(input, answer, model) };
        }),
        faults,
        skipped,
        warnings: truncationWarnings(examples, `texts${source === undefined ? '' : ` of ${source}`}`, maxLength),
      };
    },
  };
}

const tasks: Readonly<Record<CommandTaskName, CommandTask>> = {
  'sequence-classification': commandTask(sequenceClassificationTask),
  'token-classification': commandTask(tokenClassificationTask),
  'question-answering': commandTask(questionAnsweringTask),
  'masked-language-modeling': commandTask(maskedLanguageModelingTask),
  'causal-language-modeling': commandTask(causalLanguageModelingTask),
};

const isCommandTask = (name: string): name is CommandTaskName => Object.hasOwn(tasks, name);

/** @throws AttuneError `E_CONFIG` for a task that the command does not have */
export function commandTaskOf(name: string): CommandTask {
  if (isCommandTask(name)) return tasks[name];
  throw new AttuneError('E_CONFIG', `The command has no ${name}; it has ${Object.keys(tasks).join(', ')}.`, {
    field: 'task',
  });
}
