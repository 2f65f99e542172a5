/** Weights that are kept in few bits. */
import type { Model, NormalFloatFormat } from '@attune/core';
import { describeModel, packedModel } from '@attune/core/internal';
import type { TensorSource } from '@attune/hub';
import { doublyQuantized, type NormalFloatParts, type NormalFloatSource, toNormalFloats } from '@attune/hub/internal';
import type { HostTensor } from '@attune/ir';
import type { Quantization } from './quantizations.js';

/** For loading, which takes this file when it needs it. */
export { openNormalFloats } from '@attune/hub/internal';

/** Packs a model's weights, one after the other. */
export interface Packing {
  /** The parts of a weight that is kept packed, undefined for others. @param stored its name in the file */
  partsOf(name: string, stored: string, readFloat: () => Promise<HostTensor>): Promise<NormalFloatParts | undefined>;
  /** The model with the weights that were asked for. */
  model(): Model;
}

/**
 * Keeps linear layers in NF4 that the file has so, and with `quantize` the others too; but for the head, as transformers does.
 */
export function packingOf(
  model: Model,
  source: TensorSource | NormalFloatSource,
  quantize: Quantization | undefined,
): Packing {
  const { headModules, adapterModules } = model.task;
  const modules = [...headModules, ...adapterModules];
  const isHead = (path: string) => modules.some((module) => `.${path}.`.includes(`.${module}.`));
  const packable = new Set(
    describeModel(model)
      .layers.filter(({ kind, path }) => kind === 'linear' && !isHead(path))
      .map(({ path }) => `${path}.weight`),
  );
  const formats = new Map<string, NormalFloatFormat>();
  return {
    async partsOf(name, stored, readFloat) {
      if (!packable.has(name)) return undefined;
      const blocks = 'blocksOf' in source ? source.blocksOf(stored) : undefined;
      const chosen = blocks ?? (quantize && doublyQuantized);
      if (!chosen) return undefined;
      formats.set(name, chosen);
      return 'readParts' in source && blocks ? source.readParts(stored) : toNormalFloats(await readFloat(), chosen);
    },
    model: () => (formats.size > 0 ? packedModel(model, formats) : model),
  };
}
