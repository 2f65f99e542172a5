import { AttuneError } from '@attune/ir';
import { cannotRead, diskError, FILE_IN_THE_WAY, NOT_EMPTY } from './disk-errors.js';
import {
  type ByteRange,
  containedPath,
  type FileWriter,
  label,
  missingFile,
  type Storage,
  type StorageEntry,
} from './storage.js';

/** A directory tree in memory, for browsers and tests. */
export class MemoryStorage implements Storage {
  readonly name: string;
  readonly #files = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #directories = new Set<string>();
  readonly #locks = new Set<string>();

  constructor(name = 'memory') {
    this.name = name;
  }

  async exists(path: string): Promise<boolean> {
    const contained = containedPath(path);
    return contained === '' || this.#files.has(contained) || this.#isDirectory(contained);
  }

  async size(path: string): Promise<number> {
    return this.#file(path).length;
  }

  async read(path: string, range?: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = this.#file(path);
    return range ? bytes.slice(range.start, range.end) : bytes.slice();
  }

  async create(path: string): Promise<FileWriter> {
    const contained = containedPath(path);
    this.#makeParents(contained);
    const parts: Uint8Array[] = [];
    return {
      write: async (bytes) => {
        parts.push(bytes.slice());
      },
      close: async () => {
        const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
        let offset = 0;
        for (const part of parts) {
          whole.set(part, offset);
          offset += part.length;
        }
        this.#files.set(contained, whole);
      },
      abort: async () => {},
    };
  }

  async list(path: string): Promise<readonly StorageEntry[]> {
    const contained = containedPath(path);
    if (this.#files.has(contained)) throw diskError(this.#label(contained), FILE_IN_THE_WAY);
    if (!(await this.exists(contained))) throw missingFile(this.#label(contained));
    const prefix = contained === '' ? '' : `${contained}/`;
    const kinds = new Map<string, StorageEntry['kind']>();
    for (const file of this.#files.keys()) {
      if (!file.startsWith(prefix)) continue;
      const [first, ...rest] = file.slice(prefix.length).split('/');
      if (first) kinds.set(first, rest.length > 0 ? 'directory' : 'file');
    }
    for (const directory of this.#directories) {
      const [first] = directory.startsWith(prefix) ? directory.slice(prefix.length).split('/') : [];
      if (first) kinds.set(first, 'directory');
    }
    return [...kinds].map(([name, kind]) => ({ name, kind })).sort((a, b) => a.name.localeCompare(b.name));
  }

  async makeDirectory(path: string): Promise<void> {
    const contained = containedPath(path);
    this.#makeParents(`${contained}/`);
  }

  async rename(from: string, to: string): Promise<void> {
    const [source, target] = [containedPath(from), containedPath(to)];
    if (!(await this.exists(source))) throw missingFile(this.#label(source));
    this.#requireFree(source, target);
    const move = (path: string) => target + path.slice(source.length);
    const inside = (path: string) => path === source || path.startsWith(`${source}/`);
    for (const [path, bytes] of [...this.#files]) {
      if (!inside(path)) continue;
      this.#files.delete(path);
      this.#files.set(move(path), bytes);
    }
    for (const path of [...this.#directories]) {
      if (!inside(path)) continue;
      this.#directories.delete(path);
      this.#directories.add(move(path));
    }
  }

  async remove(path: string): Promise<void> {
    const contained = containedPath(path);
    const inside = (other: string) => other === contained || other.startsWith(`${contained}/`);
    for (const file of [...this.#files.keys()]) if (inside(file)) this.#files.delete(file);
    for (const directory of [...this.#directories]) if (inside(directory)) this.#directories.delete(directory);
  }

  async syncDirectory(): Promise<void> {}

  async requireUnlocked(name: string): Promise<void> {
    if (!this.#locks.has(name)) return;
    throw new AttuneError('E_LOCKED', `${this.name} is in use by another run of this process.`, { file: this.name });
  }

  async lock(name: string): Promise<() => Promise<void>> {
    await this.requireUnlocked(name);
    this.#locks.add(name);
    return async () => {
      this.#locks.delete(name);
    };
  }

  async freeBytes(): Promise<undefined> {
    return undefined;
  }

  #file(path: string): Uint8Array<ArrayBuffer> {
    const contained = containedPath(path);
    const bytes = this.#files.get(contained);
    if (bytes) return bytes;
    const file = this.#label(contained);
    throw contained === '' || this.#isDirectory(contained) ? cannotRead(file, 'a directory') : missingFile(file);
  }

  /** Makes the directories above a path. @throws AttuneError `E_DISK` where one of them is a file */
  #makeParents(path: string): void {
    const parts = path.split('/').slice(0, -1);
    for (const end of parts.keys()) {
      const directory = parts.slice(0, end + 1).join('/');
      if (this.#files.has(directory)) throw diskError(this.#label(path), FILE_IN_THE_WAY);
      if (directory !== '') this.#directories.add(directory);
    }
  }

  /** @throws AttuneError `E_DISK` where something else than a file stands where a file should go, and the like */
  #requireFree(source: string, target: string): void {
    const file = this.#label(source);
    const isFile = this.#files.has(source);
    if (isFile && this.#isDirectory(target)) throw diskError(file, 'it is a directory');
    if (isFile) return;
    if (this.#files.has(target)) throw diskError(file, FILE_IN_THE_WAY);
    const inside = `${target}/`;
    const entries = [...this.#files.keys(), ...this.#directories];
    if (entries.some((path) => path.startsWith(inside))) throw diskError(file, NOT_EMPTY);
  }

  #label(path: string): string {
    return label(this, path);
  }

  #isDirectory(path: string): boolean {
    return this.#directories.has(path) || [...this.#files.keys()].some((file) => file.startsWith(`${path}/`));
  }
}
