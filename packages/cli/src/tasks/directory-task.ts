/** What a directory's model was trained for. */
import { directoryKind, openAdapter, readModelConfig, type Storage } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { modelTypes, readAttuneFile } from '@attune/models';
import { type CommandTaskName, commandTaskNames } from './names.js';

const headClasses: Readonly<Record<CommandTaskName, RegExp>> = {
  'sequence-classification': /ForSequenceClassification$/,
  'token-classification': /ForTokenClassification$/,
  'question-answering': /ForQuestionAnswering$/,
  'masked-language-modeling': /ForMaskedLM$/,
};

/** PEFT's names of tasks. */
const adapterTasks: Readonly<Record<string, CommandTaskName>> = {
  SEQ_CLS: 'sequence-classification',
  TOKEN_CLS: 'token-classification',
  QUESTION_ANS: 'question-answering',
};

/**
 * The task of a model or adapter directory: by attune.json, else by what transformers and PEFT write; sequence
 * classification where nothing says more.
 * @param wanted what the user asks for
 * @throws AttuneError `E_CONFIG` where attune.json says that the model was trained for another task
 */
export async function taskOfDirectory(storage: Storage, wanted?: CommandTaskName): Promise<CommandTaskName> {
  const saved = (await readAttuneFile(storage))?.task;
  if (saved !== undefined && wanted !== undefined && saved !== wanted) {
    throw new AttuneError('E_CONFIG', `${storage.name} was trained for ${saved}, not for ${wanted}.`, {
      file: `${storage.name}/attune.json`,
      field: 'task',
      hint: `Leave --task out, or use --task ${saved}.`,
    });
  }
  return wanted ?? saved ?? (await taskOfForeign(storage)) ?? 'sequence-classification';
}

async function taskOfForeign(storage: Storage): Promise<CommandTaskName | undefined> {
  const kind = await directoryKind(storage);
  if (kind === 'adapter') return adapterTasks[(await openAdapter(storage)).config.task_type ?? ''];
  if (kind !== 'model') return undefined;
  const { architectures } = await readModelConfig(storage, modelTypes);
  const name = Array.isArray(architectures) ? String(architectures[0]) : '';
  return commandTaskNames.find((task) => headClasses[task].test(name));
}
