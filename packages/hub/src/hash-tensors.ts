import type { HostTensor } from '@attune/ir';
import { canonicalJson } from './canonical-json.js';

/** A tensor, or how it is loaded when its turn comes. */
export type NamedTensor = readonly [name: string, tensor: HostTensor | (() => Promise<HostTensor>)];

/** One sha256 in hexadecimal digits over names, types and numbers of tensors, whatever their order. */
export async function hashTensors(tensors: Iterable<NamedTensor>): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const [name, given] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { type, data } = typeof given === 'function' ? await given() : given;
    const bytes = new Uint8Array(data.byteLength);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    parts.push(new TextEncoder().encode(canonicalJson([name, type.dtype, type.shape])), await sha256(bytes));
  }
  const hash = await sha256(new Uint8Array(await new Blob(parts).arrayBuffer()));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** By Web Crypto, which is fast everywhere and lets other work go on. */
const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
