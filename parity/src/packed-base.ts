import type { PackedFormat } from '@attune/core';
import { normalFloats, packedModel } from '@attune/core/internal';
import { fromNormalFloats, type NormalFloatBlocks, type NormalFloatParts } from '@attune/hub/internal';
import { type HostTensor, hostTensor, NF4_LEVELS } from '@attune/ir';
import type { LoadedModel } from '@attune/models';

type Tensors = ReadonlyMap<string, HostTensor>;

/** bitsandbytes' and transformers' defaults, in which the cases are made. */
const [BLOCK, NESTED_BLOCK] = [64, 256];

/** A base whose weights are packed as a case says, in tensors `quant/<module>.…`; as it is for cases without. */
export function packedBase(base: LoadedModel, golden: Tensors): Pick<LoadedModel, 'model' | 'weights'> {
  const { model } = base;
  const weights = new Map(base.weights);
  const formats = new Map<string, PackedFormat>();
  for (const name of base.weights.keys()) {
    const part = (suffix: string) => golden.get(`quant/${name.replace(/weight$/, suffix)}`);
    const dequantized = part('dequantized');
    if (!dequantized) continue;
    const { blocks, parts } = asUsed(storedAs(part), dequantized);
    formats.set(name, normalFloats(blocks));
    for (const [suffix, tensor] of parts) weights.set(`${name}${suffix}`, tensor);
  }
  return formats.size === 0 ? base : { model: packedModel(model, formats), weights };
}

interface Packed {
  readonly blocks: NormalFloatBlocks;
  readonly parts: NormalFloatParts;
}

function storedAs(part: (suffix: string) => HostTensor | undefined): Packed {
  const nested = part('nested_absmax');
  const flat = (suffix: string, dtype: 'f32' | 'u8') => {
    const { data } = part(suffix)!;
    return hostTensor([data.length], data, dtype);
  };
  const codes = ['', flat('packed', 'u8')] as const;
  if (!nested) return { blocks: { block: BLOCK }, parts: new Map([codes, ['.absmax', flat('absmax', 'f32')]]) };
  return {
    blocks: { block: BLOCK, nestedBlock: NESTED_BLOCK },
    parts: new Map([
      codes,
      ['.absmax', flat('absmax', 'u8')],
      ['.nested_absmax', nested],
      ['.nested_offset', flat('offset', 'f32')],
    ]),
  };
}

/** What bitsandbytes' vectors hold. */
const VECTOR = 16;

/**
 * It seems that on a CPU with AVX-512 bitsandbytes 0.50 counts floor(width / block) scales a row: if rows end within blocks, it multiplies
 * codes by the scales of other blocks, and the cases were made so. Such a weight is handed over with the scales that were used.
 */
function asUsed({ blocks, parts }: Packed, { type, data: used }: HostTensor): Packed {
  const { data: documented } = fromNormalFloats(parts, type.shape, blocks);
  if (documented.every((value, index) => Math.abs(value - used[index]!) < 1e-6)) return { blocks, parts };
  const { data: codes } = parts.get('')!;
  const scales = Float32Array.from({ length: Math.ceil(used.length / VECTOR) }, (_, vector) => {
    let [largest, scale] = [0, 0];
    for (let index = vector * VECTOR; index < Math.min(used.length, (vector + 1) * VECTOR); index++) {
      const byte = codes[index >> 1]!;
      const level = NF4_LEVELS[index % 2 === 0 ? byte >> 4 : byte & 15]!;
      if (Math.abs(level) > largest) [largest, scale] = [Math.abs(level), used[index]! / level];
    }
    return scale;
  });
  return {
    blocks: { block: VECTOR },
    parts: new Map([
      ['', parts.get('')!],
      ['.absmax', hostTensor([scales.length], scales)],
    ]),
  };
}
