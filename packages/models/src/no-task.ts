/** The error for a model that does not do the wanted task; loaded only then. */
import type { ModelConfig } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import { type Encoder, type Task, tasks } from '@attune/tasks';

/** AttuneError `E_MODEL_UNSUPPORTED` that names the tasks that the model does. */
export function noTask(
  { model_type: type }: ModelConfig,
  file: string,
  { name: task }: Task,
  encoder: Encoder,
): AttuneError {
  const others = tasks.filter((each) => each.headOn(encoder)).map(({ name }) => name);
  return new AttuneError('E_MODEL_UNSUPPORTED', `${file}: a model of type "${type}" does not do ${task}.`, {
    file,
    field: 'task',
    hint: `Choose another model, or a task that this one does: ${others.join(', ')}.`,
  });
}
