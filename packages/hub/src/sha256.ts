/** sha256, also of what is too large to be in memory at once: by the runtime where it has a streaming hash. */

import { sha256 as portable } from '@noble/hashes/sha2.js';
import type { Storage } from './storage.js';

/** A hash that takes its input in parts. */
export class Sha256 {
  readonly #hash = openHash();

  /** @param part a text counts as its UTF-8 */
  update(part: Uint8Array | string): this {
    this.#hash.update(typeof part === 'string' ? new TextEncoder().encode(part) : part);
    return this;
  }

  /** The hash in hexadecimal digits, after the last part. */
  digest(): string {
    return Array.from(this.#hash.digest(), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
}

export const sha256Of = (content: Uint8Array | string): string => new Sha256().update(content).digest();

export interface FileHash {
  readonly sha256: string;
  readonly bytes: number;
}

const chunkBytes = 4 << 20;

/** Hashes a file, of which four megabytes are in memory at a time. @throws AttuneError `E_FILE_MISSING`, `E_DISK` */
export async function hashFile(storage: Storage, path: string): Promise<FileHash> {
  const size = await storage.size(path);
  const hash = new Sha256();
  let bytes = 0;
  while (bytes < size) {
    const part = await storage.read(path, { start: bytes, end: Math.min(bytes + chunkBytes, size) });
    if (part.length === 0) break;
    hash.update(part);
    bytes += part.length;
  }
  return { sha256: hash.digest(), bytes };
}

interface IncrementalHash {
  update(part: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** `process.getBuiltinModule` keeps `node:crypto`, which is twenty times as fast, out of browser bundles. */
function openHash(): IncrementalHash {
  const native = globalThis.process?.getBuiltinModule?.('node:crypto');
  return native ? native.createHash('sha256') : portable.create();
}
