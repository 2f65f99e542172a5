/** For tests: the bytes of a GGUF file, with one thing that is wrong about it if wanted. */

/** What a test writes of a value: its type's number, and the value. */
export type GgufField = readonly [type: number, value: number | string | readonly string[] | readonly number[]];

export interface GgufPart {
  readonly name: string;
  /** Rows first. */
  readonly shape: readonly number[];
  /** 0 for F32. */
  readonly type?: number;
  readonly bytes: Uint8Array;
}

/** Numbers in place of the right ones. */
export interface GgufFaults {
  readonly magic?: number;
  readonly version?: number;
  readonly tensors?: bigint;
  readonly keys?: bigint;
  readonly keyLength?: bigint;
  readonly valueType?: number;
  readonly listLength?: bigint;
  readonly nameLength?: bigint;
  readonly axes?: number;
  readonly axis?: bigint;
  readonly type?: number;
  readonly offset?: bigint;
  /** Bytes that are missing at the end. */
  readonly cut?: number;
}

export function ggufBytes(
  metadata: readonly (readonly [key: string, field: GgufField])[],
  tensors: readonly GgufPart[],
  faults: GgufFaults = {},
  alignment = 32,
): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  const push = (width: number, write: (view: DataView) => void) => {
    const view = new DataView(new ArrayBuffer(width));
    write(view);
    bytes.push(...new Uint8Array(view.buffer));
  };
  const u32 = (value: number) => push(4, (view) => view.setUint32(0, value, true));
  const u64 = (value: bigint | number) => push(8, (view) => view.setBigUint64(0, BigInt(value), true));
  const text = (value: string, length?: bigint) => {
    const encoded = new TextEncoder().encode(value);
    u64(length ?? encoded.length);
    bytes.push(...encoded);
  };
  const scalar = (type: number, value: number | string) => {
    if (typeof value === 'string') text(value);
    else if (type === 6) push(4, (view) => view.setFloat32(0, value, true));
    else u32(value);
  };
  u32(faults.magic ?? 0x46554747);
  u32(faults.version ?? 3);
  u64(faults.tensors ?? tensors.length);
  u64(faults.keys ?? metadata.length);
  for (const [index, [key, [type, value]]] of metadata.entries()) {
    text(key, index === 0 ? faults.keyLength : undefined);
    const isList = typeof value === 'object';
    u32(index === 0 && faults.valueType !== undefined ? faults.valueType : isList ? 9 : type);
    if (isList) {
      u32(type);
      u64(faults.listLength ?? value.length);
    }
    for (const own of isList ? value : [value]) scalar(type, own);
  }
  const aligned = (offset: number) => Math.ceil(offset / alignment) * alignment;
  let offset = 0;
  for (const [index, { name, shape, type = 0, bytes: data }] of tensors.entries()) {
    const isFirst = index === 0;
    text(name, isFirst ? faults.nameLength : undefined);
    u32(isFirst ? (faults.axes ?? shape.length) : shape.length);
    for (const [axis, size] of shape.toReversed().entries()) u64(isFirst && axis === 0 ? (faults.axis ?? size) : size);
    u32(isFirst ? (faults.type ?? type) : type);
    u64(isFirst && faults.offset !== undefined ? faults.offset : offset);
    offset = aligned(offset + data.length);
  }
  const start = aligned(bytes.length);
  const whole = new Uint8Array(start + offset);
  whole.set(bytes);
  let at = start;
  for (const { bytes: data } of tensors) {
    whole.set(data, at);
    at = aligned(at + data.length);
  }
  return whole.slice(0, whole.length - (faults.cut ?? 0));
}

export const floatBytes = (numbers: ArrayLike<number>): Uint8Array => new Uint8Array(Float32Array.from(numbers).buffer);
