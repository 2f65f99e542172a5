import { AttuneError, byteLength, type DType, type HostTensor, type TensorType } from '@attune/ir';
import { label, type Storage, writeFile } from '../storage.js';
import { type SafetensorsDType, safetensorsBytes } from './header.js';

/** A tensor to write; `load` is called when its turn comes, so that only one is in memory. */
export interface TensorToWrite {
  readonly name: string;
  readonly type: TensorType;
  load(): HostTensor | Promise<HostTensor>;
}

const stored: Readonly<Record<DType, SafetensorsDType>> = {
  f32: 'F32',
  f16: 'F16',
  bf16: 'BF16',
  i32: 'I32',
  u32: 'U32',
  u8: 'U8',
  bool: 'BOOL',
};

/** The format's order of dtypes within a file: widest first, then by name. */
const rank = (type: TensorType): number => -safetensorsBytes[stored[type.dtype]];

/**
 * Writes a safetensors file, tensor by tensor, laid out as Python's `save_file` does: widest dtype first, then by name,
 * the header padded to 8 bytes. Equal tensors give equal bytes.
 */
export async function writeSafetensors(
  storage: Storage,
  path: string,
  tensors: Iterable<TensorToWrite>,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Promise<void> {
  const ordered = [...tensors].sort((a, b) => rank(a.type) - rank(b.type) || (a.name < b.name ? -1 : 1));
  const writer = await storage.create(path);
  try {
    await writer.write(encodeHeader(ordered, metadata));
    for (const { name, type, load } of ordered) {
      const { data } = await load();
      if (data.byteLength !== byteLength(type)) {
        throw new AttuneError(
          'E_TENSOR',
          `Tensor "${name}" has ${data.byteLength} bytes, ${byteLength(type)} were announced.`,
          {
            file: label(storage, path),
            field: name,
          },
        );
      }
      await writer.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await writer.close();
}

function encodeHeader(tensors: readonly TensorToWrite[], metadata: Readonly<Record<string, string>>): Uint8Array {
  let offset = 0;
  const entries = tensors.map(({ name, type }) => {
    const start = offset;
    offset += byteLength(type);
    return [name, { dtype: stored[type.dtype], shape: type.shape, data_offsets: [start, offset] }] as const;
  });
  const fields = [...(Object.keys(metadata).length > 0 ? [['__metadata__', metadata] as const] : []), ...entries];
  const body = fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',');
  const text = new TextEncoder().encode(`{${body}}`);
  const padded = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(text, 8);
  return bytes;
}

/** Tensors that are in memory, for the writers. */
export function inMemory(tensors: ReadonlyMap<string, HostTensor>): TensorToWrite[] {
  return [...tensors].map(([name, tensor]) => ({ name, type: tensor.type, load: () => tensor }));
}

/**
 * Writes `model.safetensors`, or, beyond `maxShardBytes` (5 GB), numbered shards with their index, as transformers does.
 */
export async function writeWeights(
  storage: Storage,
  tensors: readonly TensorToWrite[],
  { maxShardBytes = 5e9 }: { readonly maxShardBytes?: number } = {},
): Promise<void> {
  const shards: TensorToWrite[][] = [[]];
  let size = 0;
  for (const tensor of tensors) {
    const bytes = byteLength(tensor.type);
    if (size > 0 && size + bytes > maxShardBytes) {
      shards.push([]);
      size = 0;
    }
    shards.at(-1)!.push(tensor);
    size += bytes;
  }
  if (shards.length === 1) return writeSafetensors(storage, 'model.safetensors', tensors);
  const number = (index: number) => String(index).padStart(5, '0');
  const weightMap: Record<string, string> = {};
  for (const [index, shard] of shards.entries()) {
    const name = `model-${number(index + 1)}-of-${number(shards.length)}.safetensors`;
    await writeSafetensors(storage, name, shard);
    for (const tensor of shard) weightMap[tensor.name] = name;
  }
  const total = tensors.reduce((sum, { type }) => sum + byteLength(type), 0);
  const index = { metadata: { total_size: total }, weight_map: weightMap };
  await writeFile(storage, 'model.safetensors.index.json', `${JSON.stringify(index, null, 2)}\n`);
}
