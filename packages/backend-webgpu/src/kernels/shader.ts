/** The text of one kernel under construction: its buffers, and the functions of the library that it calls. */
import { bytesPerElement, elementCount, type ValueId } from '@attune/ir';
import type { ProgramExpressions } from '../expressions/program-expressions.js';
import { type Tuning, windowBytes } from '../schedule/tuning.js';
import { type Format, fromWord, toWord, type Vector } from '../wgsl/format.js';
import { libraryFor } from '../wgsl/library.js';
import type { Binding, Block, Kernel, Parameter } from './kernel.js';

/** Where a value of f32 lies in a buffer: from which element on. */
export interface Place {
  readonly block: Block;
  readonly start: number;
}

/** What a kernel has to know of the values that it reads and writes. */
export interface Storage {
  readonly expressions: ProgramExpressions;
  readonly tuning: Tuning;
  formatOf(value: ValueId): Format;
  /** The place of a value in the buffer of single elements; undefined for those with a buffer of their own. */
  scalarWord(value: ValueId): number | undefined;
  /** The input whose buffer a value is written into. */
  inPlaceOf(value: ValueId): ValueId | undefined;
  /** How many bindings the whole of a value takes. */
  windowsOf(value: ValueId): number;
  /** Where a value lies with others in a buffer that can be bound whole, to be read. */
  placeOf(value: ValueId): Place | undefined;
}

/** A value that the kernel binds: whole, or in several windows where it is larger than a binding may be. */
interface Declared {
  readonly name: string;
  readonly value: ValueId;
  readonly writes: boolean;
  /** The array's element type, and its bytes. */
  readonly word: string;
  readonly wordBytes: number;
  /** How many words it has. */
  readonly words: number;
  readonly windows: number;
}

/** A declaration of the module with its binding. `$` in the type stands for the name. */
interface Bound {
  readonly name: string;
  readonly type: string;
  readonly binding: Binding;
}

export class Shader {
  readonly storage: Storage;
  readonly #arrays = new Map<ValueId, Declared>();
  readonly #blocks: Block[] = [];
  readonly #parameters: Parameter[] = [];
  readonly #declarations: string[] = [];
  /** The window that stands for all of large values, whose elements have words to themselves. */
  readonly #window: number | undefined;
  #scalars: 'read' | 'read_write' | undefined;
  #names = 0;

  /**
   * @param writes values of which the kernel makes all elements
   * @param window of values that are larger than a binding may be, if the kernel works on the elements of only one
   */
  constructor(storage: Storage, writes: readonly ValueId[], window?: number) {
    this.storage = storage;
    this.#window = window;
    for (const value of writes) {
      if (storage.scalarWord(value) !== undefined) this.#scalars = 'read_write';
      else this.#declare(value, 'output', true);
    }
  }

  /** The first element that the kernel works on. */
  get firstElement(): number {
    return (this.#window ?? 0) * this.windowElements;
  }

  /** Elements of a window whose elements have words to themselves. */
  get windowElements(): number {
    return windowBytes(this.storage.tuning) / 4;
  }

  /** An element of a stored value. `index` is an identifier or a literal. */
  load(value: ValueId, index: string): string {
    const word = this.storage.scalarWord(value);
    if (word === undefined) return this.storage.formatOf(value).load(this.#wordsOf(this.#declared(value)), index);
    this.#scalars ??= 'read';
    return fromWord(`scalars[${word}]`, this.storage.expressions.dtypeOf(value));
  }

  /** Four elements of a value that the kernel loads in no other way, as a vec4f by the number of the vector. */
  loadVector(value: ValueId, index: string): string {
    const { vector } = this.storage.formatOf(value);
    if (!vector) throw new TypeError('a value without vectors');
    return vector.decode(this.#wordsOf(this.#arrays.get(value) ?? this.#declare(value, 'input', false, vector))(index));
  }

  /** The name of a buffer of f32 that is read. */
  block(block: Block): string {
    const known = this.#blocks.findIndex((other) => JSON.stringify(other) === JSON.stringify(block));
    return `block${known < 0 ? this.#blocks.push(block) - 1 : known}`;
  }

  /** Whether the kernel writes into the buffer of a value. */
  writesTo(value: ValueId): boolean {
    return this.#arrays.get(value)?.writes ?? false;
  }

  /** Stores a word of a value: an encoded element, or several. */
  store(value: ValueId, index: string, word: string): string {
    const array = this.#declared(value);
    return this.#isWhole(array)
      ? `${array.name}[${this.#indexIn(array, index)}] = ${word};`
      : `store_${array.name}(${index}, ${word});`;
  }

  /** Stores an element of a value whose elements have words of their own. */
  storeElement(value: ValueId, index: string, number: string): string {
    const word = this.storage.scalarWord(value);
    const dtype = this.storage.expressions.dtypeOf(value);
    if (word !== undefined) return `scalars[${word}] = ${toWord(number, dtype)};`;
    return this.store(value, index, this.storage.formatOf(value).encode(number));
  }

  /** A fixed element of a small input or constant. */
  parameter(value: ValueId, element: number): string {
    const perWord = 4 / bytesPerElement[this.storage.expressions.dtypeOf(value)];
    const word = Math.floor(element / perWord);
    let position = this.#parameters.findIndex((known) => known.value === value && known.word === word);
    if (position < 0) position = this.#parameters.push({ value, word }) - 1;
    return this.#elementOfWord(value, `parameters[${position >> 2}].${'xyzw'[position & 3]}`, element % perWord);
  }

  #elementOfWord(value: ValueId, word: string, part: number): string {
    const dtype = this.storage.expressions.dtypeOf(value);
    const bits = 8 * bytesPerElement[dtype];
    if (bits === 32) return fromWord(word, dtype);
    const low = `((${word} >> ${part * bits}u) & ${2 ** bits - 1}u)`;
    if (dtype === 'f16') return `half_number(${low})`;
    return dtype === 'bf16' ? `bitcast<f32>(${low} << 16u)` : fromWord(low, dtype);
  }

  /** A name that nothing has yet. */
  nextName(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  /** Adds a declaration of the module. */
  declare(text: string): void {
    this.#declarations.push(text);
  }

  /**
   * @param parts.sized whether arrays have their lengths in the code. To look them up for every element costs a division on
   *   some adapters; but without, kernels for values of other sizes can be the same.
   */
  finish(parts: {
    readonly sized: boolean;
    readonly label: string;
    readonly body: string;
    readonly workgroupSize: number;
    readonly workgroups: number;
    readonly operations: number;
  }): Kernel {
    for (const array of new Set(this.#arrays.values())) this.#declareWindows(array);
    const declared = this.#declaredBindings(parts.sized);
    const size = parts.workgroupSize;
    const entry = [
      `@compute @workgroup_size(${size})`,
      'fn main(@builtin(workgroup_id) workgroup_id: vec3u, @builtin(local_invocation_index) lane: u32) {',
      parts.body,
      '}',
    ].join('\n');
    const bindings = declared.map(
      ({ name, type }, number) => `@group(0) @binding(${number}) ${type.replace('$', name)};`,
    );
    const own = [...this.#declarations, entry].join('\n\n');
    const code = [bindings.join('\n'), libraryFor(own), own].filter((text) => text !== '').join('\n\n');
    return {
      label: parts.label,
      code: `${[...extensionsOf(code), code].join('\n\n')}\n`,
      bindings: declared.map(({ binding }) => binding),
      parameters: this.#parameters,
      workgroups: spread(parts.workgroups),
      operations: parts.operations,
    };
  }

  #declaredBindings(sized: boolean): readonly Bound[] {
    const declared: Bound[] = [...new Set(this.#arrays.values())].flatMap((array) =>
      this.#windowsOf(array).map(([name, window]) => ({
        name,
        type: `var<storage, ${array.writes ? 'read_write' : 'read'}> $: array<${array.word}${sized ? `, ${this.#wordsOfWindow(array, window)}` : ''}>`,
        binding: { kind: 'value', value: array.value, writes: array.writes, window },
      })),
    );
    for (const [number, binding] of this.#blocks.entries())
      declared.push({ name: `block${number}`, type: 'var<storage, read> $: array<f32>', binding });
    if (this.#scalars) {
      const writes = this.#scalars === 'read_write';
      const type = `var<storage, ${this.#scalars}> $: array<u32>`;
      declared.push({ name: 'scalars', type, binding: { kind: 'scalars', writes } });
    }
    if (this.#parameters.length > 0) {
      const type = `var<uniform> $: array<vec4u, ${Math.ceil(this.#parameters.length / 4)}>`;
      declared.push({ name: 'parameters', type, binding: { kind: 'parameters' } });
    }
    return declared;
  }

  /** The functions by which a value of several windows is loaded and stored. */
  #declareWindows(array: Declared): void {
    if (this.#isWhole(array)) return;
    const { name, word, writes } = array;
    const words = this.#windowWords(array);
    const cases = (body: (name: string, index: string) => string) =>
      this.#windowsOf(array).map(([own, window]) => {
        const isLast = window === array.windows - 1;
        const text = body(own, window === 0 ? 'index' : `index - ${window * words}u`);
        return isLast ? `  ${text}` : `  if (index < ${(window + 1) * words}u) {\n    ${text}\n  }`;
      });
    const load = cases((own, index) => `return ${own}[${index}];`);
    this.declare(`fn load_${name}(index: u32) -> ${word} {\n${load.join('\n')}\n}`);
    if (!writes) return;
    const store = cases((own, index) => `${own}[${index}] = word;\n    return;`);
    this.declare(`fn store_${name}(index: u32, word: ${word}) {\n${store.join('\n')}\n}`);
  }

  /** How many words a whole window has. */
  #windowWords({ wordBytes }: Declared): number {
    return windowBytes(this.storage.tuning) / wordBytes;
  }

  #wordsOfWindow(array: Declared, window: number): number {
    const whole = this.#windowWords(array);
    return Math.min(array.words - window * whole, whole);
  }

  #wordsOf(array: Declared): (index: string) => string {
    const { name } = array;
    return this.#isWhole(array)
      ? (index) => `${name}[${this.#indexIn(array, index)}]`
      : (index) => `load_${name}(${index})`;
  }

  /** Whether all that the kernel takes of a value is in one binding. */
  #isWhole({ windows }: Declared): boolean {
    return windows === 1 || this.#window !== undefined;
  }

  /** An index of a value in its one binding. */
  #indexIn({ windows }: Declared, index: string): string {
    return windows > 1 && this.firstElement > 0 ? `${index} - ${this.firstElement}u` : index;
  }

  /** The windows of a value that are bound, with their names. */
  #windowsOf({ name, windows }: Declared): readonly (readonly [name: string, window: number])[] {
    if (windows === 1) return [[name, 0]];
    if (this.#window !== undefined) return [[name, this.#window]];
    return Array.from({ length: windows }, (_, window) => [`${name}_${window}`, window]);
  }

  #declared(value: ValueId): Declared {
    return this.#arrays.get(value) ?? this.#declare(value, 'input', false);
  }

  #declare(value: ValueId, prefix: 'input' | 'output', writes: boolean, vector?: Vector): Declared {
    const count = [...new Set(this.#arrays.values())].filter(({ name }) => name.startsWith(prefix)).length;
    const { word, bytes, perWord } = this.storage.formatOf(value);
    const elements = elementCount(this.storage.expressions.shapeOf(value));
    const perVector = vector ? 4 : perWord;
    const declared = {
      name: `${prefix}${count}`,
      value,
      writes,
      word: vector?.word ?? word,
      wordBytes: vector?.bytes ?? bytes * perWord,
      words: Math.max(Math.ceil(elements / perVector), 1),
      windows: this.storage.windowsOf(value),
    };
    this.#arrays.set(value, declared);
    const input = writes ? this.storage.inPlaceOf(value) : undefined;
    if (input !== undefined) this.#arrays.set(input, declared);
    return declared;
  }
}

/** The extensions of WGSL that code needs. */
const extensionsOf = (code: string): readonly string[] => [
  ...(/\bf16\b/.test(code) ? ['enable f16;'] : []),
  ...(/\b(quadBroadcast|subgroupShuffleXor)\b/.test(code) ? ['enable subgroups;'] : []),
];

/** The most workgroups of one dimension of a dispatch. */
const DIMENSION = 65535;

/** Workgroups over two dimensions where one is not enough. */
function spread(count: number): readonly [number, number, number] {
  return count <= DIMENSION ? [count, 1, 1] : [DIMENSION, Math.ceil(count / DIMENSION), 1];
}

/** The number of the workgroup, as WGSL. */
export const workgroupNumber = (count: number): string =>
  count <= DIMENSION ? 'workgroup_id.x' : `(workgroup_id.y * ${DIMENSION}u + workgroup_id.x)`;
