import type { ExampleSource } from '@attune/core';
import type { TextExample } from '@attune/data';
import { AttuneError } from '@attune/ir';

/**
 * The examples, if they are of the kind that a task learns from.
 * @param needed that kind, and what makes such sources
 * @throws AttuneError `E_CONFIG` for others
 */
export function learnedExamples<Source extends ExampleSource>(
  examples: ExampleSource,
  isOfKind: (examples: ExampleSource) => examples is Source,
  { task, needed }: { readonly task: string; readonly needed: string },
): Source {
  if (isOfKind(examples)) return examples;
  throw new AttuneError('E_CONFIG', `${examples.name} holds ${examples.kind}, which ${task} does not learn from.`, {
    file: examples.name,
    field: 'task',
    hint: `It learns from ${needed}.`,
  });
}

/** Equal for texts, or pairs of them, that are the same to the model. */
export const keyOfTexts = ({ text, textPair }: TextExample): string => `${text}\u0000${textPair ?? ''}`;
