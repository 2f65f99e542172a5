import { AttuneError } from '@attune/ir';

/** Where a data file's bytes come from. `name` stands in error messages. */
export interface ByteSource {
  readonly name: string;
  /** Bytes in all, where that is known before they are read. */
  size?(): Promise<number | undefined>;
  chunks(): AsyncIterable<Uint8Array>;
}

/** A path (in Node), a File or Blob (in browsers), or any source of bytes. */
export type DataFile = string | Blob | ByteSource;

/** The bytes of a data file. @throws AttuneError `E_DATA` for a path outside Node. */
export function byteSource(file: DataFile): ByteSource {
  if (typeof file === 'string') return pathSource(file);
  if (file instanceof Blob) {
    return {
      name: file instanceof File ? file.name : 'data',
      size: async () => file.size,
      chunks: () => readBlob(file),
    };
  }
  return file;
}

/** Text that is already in memory, as a file. */
export function textSource(name: string, text: string): ByteSource {
  return {
    name,
    async *chunks() {
      yield new TextEncoder().encode(text);
    },
  };
}

/** `process.getBuiltinModule` keeps `node:fs` out of browser bundles. */
function pathSource(path: string): ByteSource {
  const fileSystem = globalThis.process?.getBuiltinModule?.('node:fs');
  if (!fileSystem) {
    throw new AttuneError('E_DATA', `"${path}" is a path, and paths can be read in Node only.`, {
      file: path,
      hint: 'Pass the File that the user chose, or textSource(name, text).',
    });
  }
  return {
    name: path,
    // What cannot be looked at is explained when it is opened.
    size: () =>
      fileSystem.promises.stat(path).then(
        ({ size }) => size,
        () => undefined,
      ),
    async *chunks() {
      try {
        // Without waiting for the other end of a pipe: what is not a file may never end.
        const { O_RDONLY, O_NONBLOCK = 0 } = fileSystem.constants;
        const handle = await fileSystem.promises.open(path, O_RDONLY | O_NONBLOCK);
        if (!(await handle.stat()).isFile()) {
          await handle.close();
          throw new AttuneError('E_DATA', `${path} cannot be read: it is no regular file.`, { file: path });
        }
        yield* handle.createReadStream({ highWaterMark: 1 << 20 });
      } catch (cause) {
        if (cause instanceof AttuneError) throw cause;
        throw new AttuneError('E_DATA', `${path} cannot be read: ${reasonOf(cause)}.`, { file: path, cause });
      }
    },
  };
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if ('code' in cause && cause.code === 'ENOENT') return 'there is no such file';
  if ('code' in cause && cause.code === 'EACCES') return 'no permission';
  return cause.message;
}

async function* readBlob(blob: Blob): AsyncIterable<Uint8Array> {
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
