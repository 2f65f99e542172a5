import { AttuneError } from '@attune/ir';
import { label, type Storage } from '../storage.js';
import { safetensorsBytes } from './header.js';
import { asStored, type StoredTensor, storedBytes, type TensorToWrite } from './stored-tensor.js';

/** The format's order of dtypes within a file: widest first, then by name. */
const rank = ({ dtype }: StoredTensor): number => -safetensorsBytes[dtype];

/**
 * Writes a safetensors file, tensor by tensor, laid out as Python's `save_file` does: widest dtype first, then by name,
 * the header padded to 8 bytes. Equal tensors give equal bytes.
 */
export function writeSafetensors(
  storage: Storage,
  path: string,
  tensors: Iterable<TensorToWrite>,
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): Promise<void> {
  return writeStored(storage, path, Array.from(tensors, asStored), metadata);
}

/** `writeSafetensors` of tensors that are bytes already. */
export async function writeStored(
  storage: Storage,
  path: string,
  tensors: readonly StoredTensor[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const ordered = tensors.toSorted((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
  const writer = await storage.create(path);
  try {
    await writer.write(encodeHeader(ordered, metadata));
    for (const tensor of ordered) {
      const bytes = await tensor.load();
      const announced = storedBytes(tensor);
      if (bytes.length !== announced) {
        throw new AttuneError(
          'E_TENSOR',
          `Tensor "${tensor.name}" has ${bytes.length} bytes, ${announced} were announced.`,
          { file: label(storage, path), field: tensor.name },
        );
      }
      await writer.write(bytes);
    }
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await writer.close();
}

function encodeHeader(tensors: readonly StoredTensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  let offset = 0;
  const entries = tensors.map((tensor) => {
    const start = offset;
    offset += storedBytes(tensor);
    return [tensor.name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [start, offset] }] as const;
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
