/** For tests: directories that are one to three faults away from a valid one. */
import fc from 'fast-check';
import { MemoryStorage } from '../memory-storage.js';
import { type Storage, writeFile } from '../storage.js';
import { mutatedJson } from './json-mutations.js';

/** The files of a directory, by their paths in it. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** What happens to a directory. */
type Fault = (files: Map<string, Uint8Array>) => void;

/** What becomes of a file. */
type Content = (found: Uint8Array) => Uint8Array;

/** Every file of a storage, also in its directories. */
export async function filesOf(storage: Storage, directory = ''): Promise<Files> {
  const files = new Map<string, Uint8Array>();
  for (const { name, kind } of await storage.list(directory)) {
    const path = directory === '' ? name : `${directory}/${name}`;
    if (kind === 'file') files.set(path, await storage.read(path));
    else for (const [inner, bytes] of await filesOf(storage, path)) files.set(inner, bytes);
  }
  return files;
}

export async function storageOf(files: Files, name = 'mutated'): Promise<MemoryStorage> {
  const storage = new MemoryStorage(name);
  for (const [path, bytes] of files) await writeFile(storage, path, bytes);
  return storage;
}

/** Directories in which files are missing, swapped, cut, longer, or changed in their bytes, their JSON or their header. */
export function mutatedFiles(valid: Files): fc.Arbitrary<Files> {
  const faults = fc.oneof(...[...valid].map(([name, bytes]) => faultsOf(name, bytes, [...valid.keys()])));
  return fc.array(faults, { minLength: 1, maxLength: 3 }).map((found) => {
    const files = new Map(valid);
    for (const fault of found) fault(files);
    // In place of all bytes in the message of a failure.
    return Object.defineProperty(files, fc.toStringMethod, { value: () => [...files.keys()].join(' ') });
  });
}

function faultsOf(name: string, bytes: Uint8Array, names: readonly string[]): fc.Arbitrary<Fault> {
  const content = fc.oneof<fc.Arbitrary<Content>[]>(
    fc.nat(bytes.length).map((end) => (found) => found.slice(0, end)),
    fc.array(fc.tuple(fc.nat(bytes.length), fc.nat(255)), { minLength: 1, maxLength: 8 }).map((changes) => (found) => {
      const changed = Uint8Array.from(found);
      for (const [at, value] of changes) if (at < changed.length) changed[at] = value;
      return changed;
    }),
    fc.uint8Array({ minLength: 1, maxLength: 64 }).map((more) => (found) => Uint8Array.from([...found, ...more])),
  );
  const change = content.map(
    (changed): Fault =>
      (files) => {
        const found = files.get(name);
        if (found) files.set(name, changed(found));
      },
  );
  const place = fc.constantFrom<Fault>(
    (files) => void files.delete(name),
    (files) => void files.set(name, new Uint8Array()),
  );
  const swap = fc.constantFrom(...names).map(
    (other): Fault =>
      (files) => {
        const [one, two] = [files.get(name), files.get(other)];
        if (one && two) files.set(name, two).set(other, one);
      },
  );
  const structure = structuresOf(name, bytes)?.map(
    (changed): Fault =>
      (files) =>
        void files.set(name, changed),
  );
  return fc.oneof(change, place, swap, ...(structure ? [{ weight: 3, arbitrary: structure }] : []));
}

/** Changes of what a JSON file says, or the header of a safetensors file. */
function structuresOf(name: string, bytes: Uint8Array): fc.Arbitrary<Uint8Array> | undefined {
  const parsed = (text: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(text));
  if (name.endsWith('.json')) return mutatedJson(parsed(bytes)).map((text) => new TextEncoder().encode(text));
  if (!name.endsWith('.safetensors')) return undefined;
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  return mutatedJson(parsed(bytes.subarray(8, 8 + length))).map((text) =>
    withHeader(new TextEncoder().encode(text), bytes.subarray(8 + length)),
  );
}

function withHeader(header: Uint8Array, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + header.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  bytes.set(data, 8 + header.length);
  return bytes;
}
