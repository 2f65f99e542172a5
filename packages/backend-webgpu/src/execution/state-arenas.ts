/** Moves what is updated in place into the arenas of a program: once, since it stays there from run to run. */
import { byteLength, type Program } from '@attune/ir';
import type { BufferPool, Memory } from '../memory/buffer-pool.js';
import type { Arena } from '../schedule/arenas.js';

interface Part {
  readonly input: number;
  readonly offset: number;
  readonly bytes: number;
}

export class StateArenas {
  readonly #pool: BufferPool;
  readonly #arenas: readonly (readonly Part[])[];

  constructor(pool: BufferPool, { inputs, types }: Program, arenas: readonly Arena[]) {
    this.#pool = pool;
    this.#arenas = arenas.map(({ values, offsets }) =>
      values.map((value, position) => ({
        input: inputs.findIndex((port) => port.value === value),
        offset: offsets[position]!,
        bytes: byteLength(types[value]!),
      })),
    );
  }

  /**
   * Lets the inputs of every arena lie where they should: copies them where they do not yet.
   * @param inputs the memory of the inputs, whose entries are replaced
   * @returns the buffer of each arena, and the memory that was replaced
   */
  gather(encoder: GPUCommandEncoder, inputs: Memory[]): { readonly buffers: GPUBuffer[]; readonly left: Memory[] } {
    const left: Memory[] = [];
    const buffers = this.#arenas.map((parts) => {
      const { buffer } = inputs[parts[0]!.input]!;
      if (this.#liesIn(buffer, parts, inputs)) return buffer;
      const taken = this.#pool.takeParts(parts);
      for (const [position, { input }] of parts.entries()) {
        const [from, to] = [inputs[input]!, taken[position]!];
        encoder.copyBufferToBuffer(from.buffer, from.offset, to.buffer, to.offset, to.bytes);
        left.push(from);
        inputs[input] = to;
      }
      return taken[0]!.buffer;
    });
    return { buffers, left };
  }

  #liesIn(buffer: GPUBuffer, parts: readonly Part[], inputs: readonly Memory[]): boolean {
    return (
      this.#pool.partsOf(buffer) === parts.length &&
      parts.every(({ input, offset }) => inputs[input]!.buffer === buffer && inputs[input]!.offset === offset)
    );
  }
}
