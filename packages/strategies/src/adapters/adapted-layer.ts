/** A layer as an adapter's definition sees it. */
import type { Derivation, HostDerivation, Initializer, WeightLayerCall, WeightLayerKind } from '@attune/core';
import type { Value } from '@attune/ir';

export interface AdaptedLayer {
  readonly kind: WeightLayerKind;
  readonly path: string;
  /** Widths of the weight: `[out, in]` of a linear layer, `[rows, width]` of an embedding. */
  readonly shape: readonly number[];
  /**
   * A parameter of the adapter in this layer.
   * @param name with a `*` for the adapter's name: `lora_A.*.weight`
   */
  parameter(name: string, shape: readonly number[], start: Initializer | Derivation | HostDerivation): Value;
  /** One that all layers share. */
  shared(name: string, shape: readonly number[], start: Initializer): Value;
  /** The full name of a parameter of this layer, for derivations. */
  nameOf(parameter: string): string;
}

export function adaptedLayer(
  { kind, scope, shape }: Pick<WeightLayerCall, 'kind' | 'scope' | 'shape'>,
  adapterName: string,
): AdaptedLayer {
  const own = (name: string) => name.replace('*', adapterName);
  return {
    kind,
    path: scope.path,
    shape,
    parameter: (name, size, start) => scope.parameter(own(name), size, start),
    shared: (name, size, start) => scope.root.parameter(own(name), size, start),
    nameOf: (parameter) => `${scope.path}.${own(parameter)}`,
  };
}
