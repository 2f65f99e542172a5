/**
 * Moves what is updated in place into the arenas of a program, and what has none out of those of others: once, since it
 * stays there from run to run. A kernel may not write one part of a buffer and read another.
 */
import { byteLength, type ValueId } from '@attune/ir';
import type { BufferPool, Memory } from '../memory/buffer-pool.js';
import type { Schedule } from '../schedule/schedule.js';

interface OwnArena {
  readonly parts: readonly Part[];
  readonly bytes: number;
}

interface Part {
  readonly input: number;
  readonly offset: number;
  readonly bytes: number;
}

export class StateArenas {
  readonly #pool: BufferPool;
  readonly #arenas: readonly OwnArena[];

  constructor(pool: BufferPool, { program, arenas, inPlace }: Pick<Schedule, 'program' | 'arenas' | 'inPlace'>) {
    this.#pool = pool;
    const partOf = (value: ValueId, offset: number): Part => ({
      input: program.inputs.findIndex((port) => port.value === value),
      offset,
      bytes: byteLength(program.types[value]!),
    });
    const inArenas = new Set(arenas.flatMap(({ values }) => values));
    const alone = [...inPlace.values()].filter((value) => !inArenas.has(value));
    this.#arenas = [
      ...arenas.map(({ values, offsets, bytes }) => ({
        parts: values.map((value, position) => partOf(value, offsets[position]!)),
        bytes,
      })),
      ...alone.map((value) => {
        const part = partOf(value, 0);
        return { parts: [part], bytes: part.bytes };
      }),
    ];
  }

  /**
   * Lets inputs that are updated in place lie where they should: copies them where they do not yet.
   * @param inputs the memory of the inputs, whose entries are replaced
   * @returns the buffer of each arena, by its number, and the memory that was replaced
   */
  gather(encoder: GPUCommandEncoder, inputs: Memory[]): { readonly buffers: GPUBuffer[]; readonly left: Memory[] } {
    const left: Memory[] = [];
    const buffers = this.#arenas.map(({ parts, bytes }) => {
      const { buffer } = inputs[parts[0]!.input]!;
      if (this.#liesIn(buffer, parts, inputs)) return buffer;
      const taken = this.#pool.takeParts(parts, bytes);
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
