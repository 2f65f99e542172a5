/** What a directory's model was trained for. */
import { directoryKind, openAdapterFiles, readModelConfig, type Storage } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { modelTypes, readAttuneFile } from '@attune/models/internal';
import { featureExtractionTask, type Task, tasks } from '@attune/tasks';
import { defaultTask, taskNamed } from '@attune/tasks/internal';

/** Any model gives features: no file says that one is for nothing else. */
const purposes = tasks.filter((task) => task !== featureExtractionTask);

/**
 * The task of a model or adapter directory: by attune.json, else by what transformers and PEFT write; sequence
 * classification where nothing says more.
 * @param wanted what the user asks for
 * @throws AttuneError `E_CONFIG` where attune.json says that the model was trained for another task
 */
export async function taskOfDirectory(storage: Storage, wanted?: Task | string): Promise<Task> {
  const written = (await readAttuneFile(storage))?.task;
  const saved = purposes.find(({ name }) => name === written);
  const asked = typeof wanted === 'string' ? taskNamed(wanted) : wanted;
  if (saved && asked && saved.name !== asked.name && asked.name !== featureExtractionTask.name) {
    throw new AttuneError('E_CONFIG', `${storage.name} was trained for ${saved.name}, not for ${asked.name}.`, {
      file: `${storage.name}/attune.json`,
      field: 'task',
      hint: `Leave --task out, or use --task ${saved.name}.`,
    });
  }
  return asked ?? saved ?? (await taskOfForeign(storage)) ?? defaultTask;
}

/** By what PEFT, AdapterHub and transformers write. */
async function taskOfForeign(storage: Storage): Promise<Task | undefined> {
  const kind = await directoryKind(storage);
  if (kind === 'adapter') {
    const { task_type: type, model_class: className } = (await openAdapterFiles(storage)).config;
    const found = type == null ? undefined : purposes.find(({ peftTaskType }) => peftTaskType === type);
    return found ?? (typeof className === 'string' ? taskOfClass(className) : undefined);
  }
  if (kind !== 'model') return undefined;
  const { architectures } = await readModelConfig(storage, modelTypes);
  return taskOfClass(Array.isArray(architectures) ? String(architectures[0]) : '');
}

/** The class of a bare encoder says nothing about what it is for. */
const taskOfClass = (className: string): Task | undefined =>
  purposes.find(
    ({ classSuffix, otherClassSuffixes = [] }) =>
      classSuffix !== featureExtractionTask.classSuffix &&
      [classSuffix, ...otherClassSuffixes].some((suffix) => className.endsWith(suffix)),
  );
