/** What a model writes while it is trained, by `--sample-prompts`. */
import type { CompletionWriter } from '@attune/core';
import { AttuneError } from '@attune/ir';
import { type TextWriter, writeCompletions } from '@attune/models';
import { causalLanguageModelingTask } from '@attune/tasks';
import { templateOf } from '@attune/tasks/internal';
import type { TrainSettings } from './train-settings.js';

/** Undefined without prompts. */
export function sampledCompletions(
  { samplePrompts, ...settings }: TrainSettings & { readonly chatTemplate?: string | undefined },
  model: Pick<TextWriter, 'model' | 'tokenizer' | 'source'>,
): CompletionWriter | undefined {
  if (samplePrompts === undefined) return undefined;
  const { chatTemplate } = settings;
  const options = chatTemplate === undefined ? {} : { chatTemplate: () => templateOf(model, chatTemplate) };
  return writeCompletions(model, [samplePrompts].flat(), options);
}

/** @param field the option that was given @throws AttuneError `E_CONFIG` for a task whose models write no texts */
export function requireWriter(field: string, task: string): void {
  if (task === causalLanguageModelingTask.name) return;
  throw new AttuneError('E_CONFIG', `${field} is for models that write texts; the task is ${task}.`, {
    field,
    hint: `Leave it out, or name --task ${causalLanguageModelingTask.name}.`,
  });
}
