import type { AdapterFiles } from '@attune/hub';
import { elementCount } from '@attune/ir';
import type { Task } from '@attune/tasks';

/** How many classes an adapter has: the rows of the classifier that it was saved with, if it was and has numbers. */
export function labelCountOf({ config, tensors }: AdapterFiles, { labelModules }: Task): number | undefined {
  const saved = labelModules.filter((module) => config.modules_to_save?.includes(module));
  const name = tensors.names.find((each) => saved.some((module) => `.${each}`.endsWith(`.${module}.weight`)));
  if (name === undefined) return undefined;
  const { shape } = tensors.entry(name);
  return elementCount(shape) === 0 ? undefined : shape[0];
}
