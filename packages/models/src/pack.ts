/** Weights that are kept in few bits. */
import type { Model, PackedFormat, PackedParts } from '@attune/core';
import { describeModel, ggufBlockFormat, int8Rows, normalFloats, packedModel } from '@attune/core/internal';
import type { TensorSource } from '@attune/hub';
import { doublyQuantized, type NormalFloatSource, toInt8Rows, toNormalFloats } from '@attune/hub/internal';
import { type GgufFormat, ggufBlocks, type HostTensor } from '@attune/ir';
import type { Quantization } from './quantizations.js';

/** For loading, which takes this file when it needs it. */
export { openNormalFloats } from '@attune/hub/internal';

/** Packs a model's weights, one after the other. */
export interface Packing {
  /** The parts of a weight that is kept packed, undefined for others. @param stored its name in the file */
  partsOf(name: string, stored: string, readFloat: () => Promise<HostTensor>): Promise<PackedParts | undefined>;
  /** The model with the weights that were asked for. */
  model(): Model;
}

/** A format, and the parts of a weight in it. */
interface Packed {
  readonly format: PackedFormat;
  readonly parts: PackedParts;
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
  const formats = new Map<string, PackedFormat>();
  return {
    async partsOf(name, stored, readFloat) {
      if (!packable.has(name)) return undefined;
      const packed =
        (await inNormalFloats(source, stored)) ?? (quantize && (await packers[quantize](source, stored, readFloat)));
      if (packed) formats.set(name, packed.format);
      return packed?.parts;
    },
    model: () => (formats.size > 0 ? packedModel(model, formats) : model),
  };
}

type Packer = (
  source: TensorSource,
  stored: string,
  readFloat: () => Promise<HostTensor>,
) => Promise<Packed | undefined>;

const toInt8: Packer = async (source, stored, readFloat) => ({
  format: int8Rows,
  parts: toInt8Rows(await readFloat(), stored, source.name),
});

const packers: Readonly<Record<Quantization, Packer>> = {
  nf4: async (_, __, readFloat) => ({
    format: normalFloats(doublyQuantized),
    parts: toNormalFloats(await readFloat(), doublyQuantized),
  }),
  int8: toInt8,
  async stored(source, stored, readFloat) {
    const { packed, isScaled = false } = source.entry(stored);
    const format = packed && ggufFormats.find((name) => name === packed.type.toLowerCase());
    // Codes that are packed again stay what they are: the largest of each row is 127.
    if (!format || !source.readBlocks) return isScaled ? toInt8(source, stored, readFloat) : undefined;
    // Numbers that are not finite are found before they are kept as blocks.
    await readFloat();
    return { format: ggufBlockFormat(format), parts: new Map([['', await source.readBlocks(stored)]]) };
  },
};

const ggufFormats = Object.keys(ggufBlocks) as readonly GgufFormat[];

/** The weight as bitsandbytes stored it; undefined for others. */
async function inNormalFloats(source: TensorSource | NormalFloatSource, stored: string): Promise<Packed | undefined> {
  const blocks = 'blocksOf' in source ? source.blocksOf(stored) : undefined;
  if (!blocks || !('readParts' in source)) return undefined;
  return { format: normalFloats(blocks), parts: await source.readParts(stored) };
}
