/** What a directory's model was trained for. */
import { directoryKind, openAdapterFiles, readModelConfig, type Storage } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { modelTypes, readAttuneFile } from '@attune/models';
import { taskNamed } from '@attune/tasks';
import { type CommandTaskName, commandTaskNames } from './names.js';

/**
 * The task of a model or adapter directory: by attune.json, else by what transformers and PEFT write; sequence
 * classification where nothing says more.
 * @param wanted what the user asks for
 * @throws AttuneError `E_CONFIG` where attune.json says that the model was trained for another task
 */
export async function taskOfDirectory(storage: Storage, wanted?: CommandTaskName): Promise<CommandTaskName> {
  const written = (await readAttuneFile(storage))?.task;
  const saved = commandTaskNames.find((name) => name === written);
  if (saved !== undefined && wanted !== undefined && saved !== wanted) {
    throw new AttuneError('E_CONFIG', `${storage.name} was trained for ${saved}, not for ${wanted}.`, {
      file: `${storage.name}/attune.json`,
      field: 'task',
      hint: `Leave --task out, or use --task ${saved}.`,
    });
  }
  return wanted ?? saved ?? (await taskOfForeign(storage)) ?? 'sequence-classification';
}

/** By what PEFT and transformers write. */
async function taskOfForeign(storage: Storage): Promise<CommandTaskName | undefined> {
  const kind = await directoryKind(storage);
  if (kind === 'adapter') {
    const { task_type: type } = (await openAdapterFiles(storage)).config;
    return type == null ? undefined : commandTaskNames.find((name) => taskNamed(name).peftTaskType === type);
  }
  if (kind !== 'model') return undefined;
  const { architectures } = await readModelConfig(storage, modelTypes);
  const className = Array.isArray(architectures) ? String(architectures[0]) : '';
  return commandTaskNames.find((name) => className.endsWith(taskNamed(name).classSuffix));
}
