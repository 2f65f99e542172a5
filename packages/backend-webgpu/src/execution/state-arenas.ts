/**
 * Moves what is updated in place into the arenas of a program: once, since it stays there from run to run. What a
 * program updates by itself may lie in the arena of another one, unless a kernel that writes it reads something else
 * there: WebGPU forbids that of one buffer.
 */
import { byteLength, type ValueId } from '@attune/ir';
import type { BufferPool } from '../memory/buffer-pool.js';
import { bufferOf, copyMemory, type Memory, placeAt } from '../memory/memory.js';
import { wholeWords } from '../memory/transfer.js';
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

/** What has no arena here. */
interface Single {
  readonly input: number;
  readonly bytes: number;
  /** Inputs that kernels read which write it. */
  readonly readBeside: readonly number[];
}

type Parts = Pick<Schedule, 'program' | 'arenas' | 'inPlace' | 'kernels'>;

export class StateArenas {
  readonly #pool: BufferPool;
  readonly #arenas: readonly OwnArena[];
  readonly #singles: readonly Single[];

  constructor(pool: BufferPool, schedule: Parts) {
    const { program, arenas, inPlace } = schedule;
    this.#pool = pool;
    const partOf = (value: ValueId, offset: number): Part => ({
      input: program.inputs.findIndex((port) => port.value === value),
      offset,
      bytes: byteLength(program.types[value]!),
    });
    const inArenas = new Set(arenas.flatMap(({ values }) => values));
    this.#arenas = arenas.map(({ values, offsets, bytes }) => ({
      parts: values.map((value, position) => partOf(value, offsets[position]!)),
      bytes,
    }));
    this.#singles = [...inPlace]
      .filter(([, input]) => !inArenas.has(input))
      .map(([output, input]) => {
        const part = partOf(input, 0);
        return { input: part.input, bytes: part.bytes, readBeside: readBeside(output, schedule) };
      });
  }

  /**
   * Lets inputs that are updated in place lie where they should: copies them where they do not yet.
   * @param inputs the memory of the inputs, whose entries are replaced
   * @returns the buffer of each arena, by its number, and the memory that was replaced
   */
  gather(encoder: GPUCommandEncoder, inputs: Memory[]): { readonly buffers: GPUBuffer[]; readonly left: Memory[] } {
    const left: Memory[] = [];
    const move = (input: number, to: Memory, bytes: number): void => {
      const from = inputs[input]!;
      copyMemory(encoder, from, to, bytes);
      left.push(from);
      inputs[input] = to;
    };
    const buffers = this.#arenas.map(({ parts, bytes }) => {
      const buffer = bufferOf(inputs[parts[0]!.input]!);
      if (this.#liesIn(buffer, parts, inputs)) return buffer;
      const taken = this.#pool.takeParts(parts, bytes);
      for (const [position, { input }] of parts.entries()) move(input, taken[position]!, taken[position]!.bytes);
      return bufferOf(taken[0]!);
    });
    for (const { input, bytes, readBeside } of this.#singles) {
      const buffer = bufferOf(inputs[input]!);
      if (readBeside.some((other) => bufferOf(inputs[other]!) === buffer))
        move(input, this.#pool.take(bytes), wholeWords(bytes));
    }
    return { buffers, left };
  }

  #liesIn(buffer: GPUBuffer, parts: readonly Part[], inputs: readonly Memory[]): boolean {
    return (
      this.#pool.partsOf(buffer) === parts.length &&
      parts.every(({ input, offset }) => {
        const place = placeAt(inputs[input]!, 0);
        return place.buffer === buffer && place.offset === offset;
      })
    );
  }
}

/** Inputs, or what took their place, that are read by kernels which write an output. */
function readBeside(output: ValueId, { program, inPlace, kernels }: Parts): readonly number[] {
  const values = kernels.flatMap(({ bindings }) => {
    const bound = bindings.flatMap((binding) => (binding.kind === 'value' ? [binding] : []));
    const isWritten = bound.some(({ value, writes }) => writes && value === output);
    return isWritten ? bound.flatMap(({ value, writes }) => (writes ? [] : [inPlace.get(value) ?? value])) : [];
  });
  const inputs = program.inputs.map((port) => port.value);
  return [...new Set(values.map((value) => inputs.indexOf(value)))].filter((input) => input >= 0);
}
