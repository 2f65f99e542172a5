/** Where tensors lie on a device. */

/** A part of a buffer. */
export interface Segment {
  readonly buffer: GPUBuffer;
  /** In bytes. */
  readonly offset: number;
  /** A multiple of 16. */
  readonly bytes: number;
}

/** One segment, or for what is larger than a buffer may be several, of which all but the last have as many bytes. */
export interface Memory {
  readonly segments: readonly [Segment, ...Segment[]];
  /** Of all segments. */
  readonly bytes: number;
}

/** The buffer of what lies in one. */
export const bufferOf = ({ segments: [{ buffer }] }: Memory): GPUBuffer => buffer;

/** Where the byte `start` lies, which no `bytes` from there on leave the segment of. */
export function placeAt({ segments }: Memory, start: number): Pick<Segment, 'buffer' | 'offset'> {
  const whole = segments[0].bytes;
  const number = Math.min(Math.floor(start / whole), segments.length - 1);
  const { buffer, offset } = segments[number]!;
  return { buffer, offset: offset + start - number * whole };
}

/** A part of a memory, which begins where it does or lies in its one segment. */
export function partOf(memory: Memory, start: number, bytes: number): Memory {
  if (start === 0 && memory.segments.length > 1) return memory;
  const padded = Math.ceil(bytes / 16) * 16;
  return { segments: [{ ...placeAt(memory, start), bytes: padded }], bytes: padded };
}

/** Copies the first bytes of a memory into another one of the same size. */
export function copyMemory(encoder: GPUCommandEncoder, from: Memory, to: Memory, bytes: number): void {
  for (const { start, size } of pieces(from, bytes)) {
    const [source, target] = [placeAt(from, start), placeAt(to, start)];
    encoder.copyBufferToBuffer(source.buffer, source.offset, target.buffer, target.offset, size);
  }
}

/** The first bytes of a memory by its segments: from which byte on, and how many. */
export function pieces(
  { segments }: Memory,
  bytes: number,
): readonly { readonly start: number; readonly size: number }[] {
  const whole = segments[0].bytes;
  return segments.flatMap((_, number) => {
    const start = number * whole;
    const size = Math.min(bytes - start, whole);
    return size > 0 ? [{ start, size }] : [];
  });
}
