/** One buffer with the parameters of all kernels of a program; kernels of equal parameters share a part of it. */
import type { Program } from '@attune/ir';
import { bufferUsage } from '../device/usage.js';
import type { Kernel, Parameter } from '../kernels/kernel.js';
import { type Memory, placeAt } from '../memory/memory.js';
import { wordsOf } from '../memory/transfer.js';

/** What the offsets of uniform bindings are multiples of, on every device. */
const ALIGNMENT = 256;

/** A word that comes from an input before every run. */
interface InputWord {
  readonly input: number;
  readonly word: number;
  /** In bytes. */
  readonly offset: number;
}

export class ParameterBlock {
  readonly #buffer: GPUBuffer | undefined;
  readonly #inputWords: readonly InputWord[];
  readonly #offsets = new Map<string, number>();

  constructor(device: GPUDevice, program: Program, kernels: readonly Kernel[]) {
    const inputs = new Map(program.inputs.map(({ value }, index) => [value, index]));
    const constants = new Map(program.constants.map(({ value, tensor }) => [value, tensor]));
    const words: InputWord[] = [];
    const content: number[] = [];
    for (const { parameters } of kernels) {
      const key = keyOf(parameters);
      if (parameters.length === 0 || this.#offsets.has(key)) continue;
      const start = content.length;
      this.#offsets.set(key, start * 4);
      for (const { value, word } of parameters) {
        const input = inputs.get(value);
        const tensor = constants.get(value);
        if (input !== undefined) words.push({ input, word, offset: content.length * 4 });
        content.push(tensor ? wordAt(tensor.data, word) : 0);
      }
      while (content.length % (ALIGNMENT / 4) !== 0) content.push(0);
    }
    this.#inputWords = words;
    if (content.length === 0) return;
    const usage = bufferUsage.uniform | bufferUsage.copyTarget;
    this.#buffer = device.createBuffer({ size: content.length * 4, usage, label: 'parameters' });
    device.queue.writeBuffer(this.#buffer, 0, Uint32Array.from(content));
  }

  /** Takes the inputs of a run over. */
  encode(encoder: GPUCommandEncoder, memoryOf: (input: number) => Memory): void {
    for (const { input, word, offset } of this.#inputWords) {
      const source = placeAt(memoryOf(input), word * 4);
      encoder.copyBufferToBuffer(source.buffer, source.offset, this.#buffer!, offset, 4);
    }
  }

  /** The part of the block that has a kernel's parameters. */
  bindingOf({ parameters }: Kernel): GPUBufferBinding {
    const size = Math.ceil(parameters.length / 4) * 16;
    return { buffer: this.#buffer!, offset: this.#offsets.get(keyOf(parameters))!, size };
  }

  destroy(): void {
    this.#buffer?.destroy();
  }
}

const keyOf = (parameters: readonly Parameter[]): string =>
  parameters.map(({ value, word }) => `${value}.${word}`).join();

function wordAt(data: Parameters<typeof wordsOf>[0], word: number): number {
  const bytes = wordsOf(data);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(word * 4, true);
}
