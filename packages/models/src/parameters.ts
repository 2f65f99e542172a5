import { type Model, type ParameterSpec, traceForward } from '@attune/core';
import { tensorType } from '@attune/ir';

/** The parameters that a model's forward function asks for. */
export function parametersOf(model: Model): readonly ParameterSpec[] {
  const batch = Object.fromEntries(model.inputNames.map((name) => [name, tensorType([1, 2], 'i32')]));
  return traceForward({ model, batch }).parameters;
}
