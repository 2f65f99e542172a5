/** What the commands need to know about a task; the same commands serve all of them. */
import type { RowDataset } from '@attune/data';
import type { LoadedModel, LoadOptions, TaskModel } from '@attune/models';
import type { Questions } from './asked.js';
import type { CommandTaskName } from './names.js';
import type { TaskSettings } from './task-settings.js';

/** An answer for machines and for people. */
export interface ShownAnswer {
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** As cells of a table, if not each field of `json`. */
  readonly cells?: Readonly<Record<string, unknown>>;
}

/** What a model's labels mean decides how data is read. */
type LabelFacts = Pick<LoadedModel, 'problemType'>;

export interface TaskDefinition<
  Example,
  Data extends RowDataset<Example>,
  Input,
  Answer,
  Model extends TaskModel<Answer, Input>,
> {
  readonly task: CommandTaskName;
  /** Tokens kept of each text where neither the user nor the model says more. */
  readonly maxLength: number;
  /** The examples of a labelled file. */
  open(file: string, settings: TaskSettings, facts: LabelFacts): Data;
  /** What loading a model to train needs to know of the data. */
  loadOptions(data: Data, settings: TaskSettings): Promise<Pick<LoadOptions, 'labels' | 'labelCount' | 'problemType'>>;
  /** @param maxLength tokens kept of each text */
  assemble(loaded: LoadedModel, settings: TaskSettings, maxLength: number): Promise<Model>;
  /** Equal for examples that are the same to the model. */
  keyOf(example: Example): string;
  /** What predict answers. @throws AttuneError `E_CONFIG` if the settings do not say */
  inputs(settings: TaskSettings): Promise<Questions<Input>>;
  show(input: Input, answer: Answer, model: Model): ShownAnswer;
}
