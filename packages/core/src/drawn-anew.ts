import { inspectModel, type Model } from '@attune/core';

/** Parameters of a loaded model that its files do not have and that began at random. */
export function drawnAnew({
  model,
  created,
}: {
  readonly model: Model;
  readonly created: readonly string[];
}): readonly string[] {
  const { parameters } = inspectModel(model);
  const isDrawn = new Map(parameters.map(({ name, initializer }) => [name, initializer?.kind !== 'constant']));
  return created.filter((name) => isDrawn.get(name));
}
