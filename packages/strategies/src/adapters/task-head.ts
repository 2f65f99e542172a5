import type { Model } from '@attune/core';
import { drawnAnew } from '@attune/core/internal';

/**
 * What trains beside an adapter and is saved with it where the user names nothing: the head, and layers that began at
 * random, such as the pooler of a bare encoder: whoever loads the adapter on its base would draw others.
 * @param created parameters of the model that no file has
 */
export function modulesWithAdapter(model: Model, created: readonly string[]): readonly string[] {
  const saved = model.task.adapterModules;
  const drawn = drawnAnew(model, created)
    .filter((name) => !saved.some((module) => isInside(name, module)))
    .map((name) => name.slice(0, name.lastIndexOf('.')));
  return [...saved, ...new Set(drawn)];
}

/** Whether a parameter or layer belongs to a module: to `classifier` or to any `….classifier`. */
export function isInside(path: string, module: string): boolean {
  return `.${path}.`.includes(`.${module}.`);
}
