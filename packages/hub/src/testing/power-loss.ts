/**
 * What a disk may hold after the power went: of each directory what was durable, or all that was done to it, each on its
 * own; of each file the bytes that were durable. POSIX promises no more.
 */
import { basename, dirname, relative } from 'node:path';
import { MemoryStorage } from '../memory-storage.js';
import { writeFile } from '../storage.js';
import type { DiskOperation } from './recorded-disk.js';

interface File {
  readonly kind: 'file';
  bytes: Uint8Array;
  durable: Uint8Array;
}

interface Directory {
  readonly kind: 'directory';
  readonly entries: Map<string, Node>;
  durable: ReadonlyMap<string, Node>;
}

type Node = File | Directory;

const emptyDirectory = (): Directory => ({ kind: 'directory', entries: new Map(), durable: new Map() });

/** The file system after each operation, in which nothing is durable but what was synced. @param root is there before */
export class Disk {
  readonly #root = emptyDirectory();
  readonly #rootPath: string;

  constructor(rootPath: string) {
    this.#rootPath = rootPath;
  }

  apply(operation: DiskOperation): void {
    const { kind, path } = operation;
    const entries = () => this.#directory(dirname(path)).entries;
    switch (kind) {
      case 'make-directory':
        entries().set(basename(path), emptyDirectory());
        break;
      case 'create':
        entries().set(basename(path), { kind: 'file', bytes: new Uint8Array(), durable: new Uint8Array() });
        break;
      case 'remove':
        entries().delete(basename(path));
        break;
      case 'rename':
        this.#directory(dirname(operation.to)).entries.set(basename(operation.to), this.#at(path));
        entries().delete(basename(path));
        break;
      case 'write':
        this.#write(path, operation.bytes);
        break;
      case 'sync':
        this.#sync(this.#at(path));
    }
  }

  #write(path: string, bytes: Uint8Array): void {
    const file = this.#at(path);
    if (file.kind === 'file') file.bytes = Uint8Array.from([...file.bytes, ...bytes]);
  }

  #sync(node: Node): void {
    if (node.kind === 'file') node.durable = node.bytes;
    else node.durable = new Map(node.entries);
  }

  /** All states that a loss of power may leave below the root. */
  async *afterPowerLoss(): AsyncGenerator<MemoryStorage> {
    const pending = [...this.#directories()].filter(({ entries, durable }) => !isSame(entries, durable));
    for (let choice = 0; choice < 2 ** pending.length; choice++) {
      const persisted = new Set(pending.filter((_, index) => (choice >> index) % 2 === 1));
      const storage = new MemoryStorage();
      await this.#copy(this.#root, '', storage, persisted);
      yield storage;
    }
  }

  async #copy(directory: Directory, path: string, storage: MemoryStorage, persisted: ReadonlySet<Directory>) {
    if (path !== '') await storage.makeDirectory(path);
    for (const [name, node] of persisted.has(directory) ? directory.entries : directory.durable) {
      const at = path === '' ? name : `${path}/${name}`;
      if (node.kind === 'file') await writeFile(storage, at, node.durable);
      else await this.#copy(node, at, storage, persisted);
    }
  }

  /** Those that can be reached by what is there or by what is durable. */
  #directories(from: Directory = this.#root, found = new Set<Directory>()): Set<Directory> {
    if (found.has(from)) return found;
    found.add(from);
    for (const node of [...from.entries.values(), ...from.durable.values()]) {
      if (node.kind === 'directory') this.#directories(node, found);
    }
    return found;
  }

  #at(path: string): Node {
    const parts = relative(this.#rootPath, path).split('/').filter(Boolean);
    let node: Node = this.#root;
    for (const part of parts) {
      const next: Node | undefined = node.kind === 'directory' ? node.entries.get(part) : undefined;
      if (!next) throw new Error(`${path} was not made while this disk was recorded`);
      node = next;
    }
    return node;
  }

  #directory(path: string): Directory {
    const node = this.#at(path);
    if (node.kind === 'directory') return node;
    throw new Error(`${path} is not a directory`);
  }
}

const isSame = (a: ReadonlyMap<string, Node>, b: ReadonlyMap<string, Node>): boolean =>
  a.size === b.size && [...a].every(([name, node]) => b.get(name) === node);
