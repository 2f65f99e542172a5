import type { Task } from '@attune/core';
import type { LoraAdapter } from '@attune/hub';
import { elementCount } from '@attune/ir';
import { headModulesOf } from '../task-head.js';

/** How many classes an adapter has: the rows of the classifier that it was saved with, if it was and has numbers. */
export function labelCountOf({ config, tensors }: LoraAdapter, task: Task): number | undefined {
  if (task !== 'sequence-classification' && task !== 'token-classification') return undefined;
  const saved = headModulesOf(task).filter((module) => config.modules_to_save?.includes(module));
  const name = tensors.names.find((each) => saved.some((module) => `.${each}`.endsWith(`.${module}.weight`)));
  if (name === undefined) return undefined;
  const { shape } = tensors.entry(name);
  return elementCount(shape) === 0 ? undefined : shape[0];
}
