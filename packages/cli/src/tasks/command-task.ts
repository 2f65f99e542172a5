/** A task as the commands use it: what they do with it does not depend on the types of its data and answers. */
import type { EncodingWatch, ExampleSource, PredictionContext, TokenizedDataset } from '@attune/core';
import { answerInputs } from '@attune/core/internal';
import { type EncodedDataset, inChunks, type RowProblem, truncationWarnings } from '@attune/data';
import { sharedRowWarnings, tokenizedDataset } from '@attune/data/internal';
import type { Storage } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { type LoadedModel, type LoadOptions, loadModel, type TaskModel, taskModel } from '@attune/models';
import type { ShownAnswer, TaskSettings, TrainedTask } from '@attune/tasks';
import { defaultLengthFor, trainedTasks } from '@attune/tasks/internal';
import { encodeEach } from './encode-each.js';

export interface CommandTask {
  /** The model to train, and its data. */
  prepare(request: PrepareRequest): Promise<Prepared>;
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

export interface Predictions {
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
  readonly settings: TaskSettings & {
    readonly train: string;
    readonly eval?: string | undefined;
    readonly maxLength?: number | undefined;
  };
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

function commandTask<Answer, Input>(task: TrainedTask<Answer, Input>): CommandTask {
  const { files, asking } = task;
  return {
    async prepare({ directory, base, settings, load, watch }) {
      const trainData = files.open(settings.train, settings);
      const evalData = settings.eval === undefined ? undefined : files.open(settings.eval, settings);
      const options = { ...load, ...(await files.labelsOf?.(trainData, settings)), task };
      const loaded = await loadModel(directory, options);
      const { maxLength = defaultLengthFor(task, loaded.model) } = settings;
      const named = base === undefined ? loaded : { ...loaded, base };
      const model = await taskModel(named, task, { ...settings, maxLength });
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
            const shared = data === evalData ? await sharedRowWarnings(trainData, evalData, files.keyOf) : [];
            return { ...result, warnings: [...warnings, ...shared] };
          },
        },
        train: trainData,
        evaluation: evalData,
      };
    },
    async prepareEvaluation(loaded, settings, watch) {
      const model = await taskModel(loaded, task, settings);
      const data = files.open(settings.data, settings, loaded);
      const { dataset, warnings } = await model.encode(data, watch);
      return { model, dataset, rows: (await data.toArray()).length, warnings };
    },
    async predict(loaded, settings, context, watch) {
      const model = await taskModel(loaded, task, settings);
      const { text } = model;
      const { predict } = asking;
      if (!text || !predict) throw isAskedOtherwise(task);
      const { asked, skipped } = await predict.inputs(settings);
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
      const dataset = tokenizedDataset(examples, { name: task.name, padTokenId, maxLength, labelFields: [] });
      const found = answerable.map((each) => each.found);
      const answers = await answerInputs(found, dataset, context, outputNames);
      return {
        answers: answers.map((answer, index) => {
          const { input, row } = answerable[index]!;
          return { row, shown: predict.show(input, answer, model) };
        }),
        faults,
        skipped,
        warnings: truncationWarnings(examples, `texts${source === undefined ? '' : ` of ${source}`}`, maxLength),
      };
    },
  };
}

/** For a task that another command asks. */
export const isAskedOtherwise = ({ name, asking }: TrainedTask): AttuneError =>
  new AttuneError('E_CONFIG', `A model for ${name} is asked by ${asking.command}; predict is for models that answer.`, {
    field: 'model',
    hint: `attune ${asking.command} --model DIR ${asking.example}`,
  });

/** @throws AttuneError `E_CONFIG` for a task that models are not trained for */
export function trainedTaskOf(name: string): TrainedTask {
  const found: TrainedTask | undefined = Object.values(trainedTasks).find((task) => task.name === name);
  if (found) return found;
  throw new AttuneError('E_CONFIG', `The command has no ${name}; it has ${Object.keys(trainedTasks).join(', ')}.`, {
    field: 'task',
  });
}

export const commandTaskOf = (name: string): CommandTask => commandTask(trainedTaskOf(name));
