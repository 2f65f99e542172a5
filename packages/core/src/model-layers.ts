import { tensorType } from '@attune/ir';
import type { Model } from './model.js';
import type { LayerKind, LayerRewrite, ParameterSpec } from './scope.js';
import { traceForward } from './trace.js';

/** A layer of a model, as strategies choose among them. */
export interface LayerInfo {
  readonly path: string;
  readonly kind: LayerKind;
  readonly shape: readonly number[];
}

/** The layers of a model in the order of their use, and the parameters it asks for. */
export function inspectModel(
  model: Model,
  rewrites: readonly LayerRewrite[] = [],
): { readonly layers: readonly LayerInfo[]; readonly parameters: readonly ParameterSpec[] } {
  const layers = new Map<string, LayerInfo>();
  const record: LayerRewrite = ({ scope, kind, shape }) => {
    layers.set(scope.path, { path: scope.path, kind, shape });
    return undefined;
  };
  const batch = Object.fromEntries(model.inputNames.map((name) => [name, tensorType([1, 2], 'i32')]));
  const { parameters } = traceForward({ model, batch, rewrites: [record, ...rewrites] });
  return { layers: [...layers.values()], parameters };
}
