import type { Model, ParameterSpec } from '@attune/core';
import { describeModel } from '@attune/core/internal';

/** The parameters of a model by their names, without those that strategies add. */
export const ownParameters = (model: Model): ReadonlyMap<string, ParameterSpec> =>
  new Map(describeModel(model).parameters.map((parameter) => [parameter.name, parameter]));
