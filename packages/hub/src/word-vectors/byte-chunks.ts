/** The bytes of a file of a Storage, chunk by chunk, unpacked where they are gzip. */
import { AttuneError } from '@attune/ir';
import { label, requireNoPointer, type Storage } from '../storage.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** Large enough that a disk is read in order, small enough that memory stays flat. */
const chunkBytes = 1 << 20;

/**
 * Whether a file is gzip is seen by its first two bytes, not by its name.
 * @throws AttuneError `E_FILE_MISSING`, `E_LFS_POINTER`, `E_FILE_COMPRESSED` for gzip that is damaged or cut off
 */
export async function* byteChunks(storage: Storage, path: string, signal?: AbortSignal): AsyncGenerator<Bytes> {
  const prefix = await storage.read(path, { start: 0, end: Math.min(1024, await storage.size(path)) });
  await requireNoPointer(prefix, label(storage, path));
  const isGzip = prefix[0] === 0x1f && prefix[1] === 0x8b;
  yield* isGzip ? unpacked(storage, path, signal) : stored(storage, path, signal);
}

async function* stored(storage: Storage, path: string, signal?: AbortSignal): AsyncGenerator<Bytes> {
  const size = await storage.size(path);
  for (let start = 0; start < size; start += chunkBytes) {
    signal?.throwIfAborted();
    yield await storage.read(path, { start, end: Math.min(size, start + chunkBytes) });
  }
}

async function* unpacked(storage: Storage, path: string, signal?: AbortSignal): AsyncGenerator<Bytes> {
  const chunks = stored(storage, path, signal);
  let failure: unknown;
  const packed = new ReadableStream<Bytes>({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        failure = error;
        throw error;
      }
    },
  });
  const reader = packed.pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    if (failure !== undefined) throw failure;
    const file = label(storage, path);
    throw new AttuneError('E_FILE_COMPRESSED', `${file} is gzip that is damaged or cut off.`, { file, cause });
  } finally {
    await reader.cancel().catch(() => {});
  }
}
