/** The names under which a server has its base and its adapters. */
import type { OpenModel } from '@attune/inference';
import type { AnsweringTask } from '@attune/models';
import { ApiError } from './api-error.js';

export interface ServedModels {
  readonly names: readonly string[];
  /** The adapter of a name; null for the base. @throws ApiError for a name that there is not */
  adapterOf(name: string): string | null;
}

/** @param name of what was opened */
export function servedModels(model: OpenModel<AnsweringTask>, name: string): ServedModels {
  const opened = model.activeAdapter;
  const adapters = new Map<string, string | null>([
    [name, opened],
    ...model.adapters.filter((adapter) => adapter !== opened).map((adapter) => [adapter, adapter] as const),
  ]);
  const names = [...adapters.keys()];
  return {
    names,
    adapterOf(asked) {
      const adapter = adapters.get(asked);
      if (adapter !== undefined) return adapter;
      throw new ApiError(
        404,
        'model_not_found',
        `There is no model "${asked}"; there are ${names.join(', ')}.`,
        'model',
      );
    },
  };
}
