/** An ONNX graph under construction: nodes, initializers and fresh names. Independent of the protobuf form. */
import { type DType, elementCount, type HostTensor, hostTensor, type TensorType } from '@attune/ir';

export type AttributeValue =
  | number
  | string
  | { readonly float: number }
  | readonly number[]
  /** The body of a loop; it may read tensors from around it. */
  | { readonly graph: OnnxGraph };

export interface OnnxNode {
  readonly operator: string;
  /** '' is ONNX itself, `com.microsoft` ONNX Runtime's own operators. */
  readonly domain: '' | 'com.microsoft';
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** int64 occurs only as shapes, axes, indices of some operators and inputs of files; no program value has it. */
export interface Initializer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType | 'i64';
  readonly data: HostTensor['data'] | BigInt64Array;
}

export interface GraphPort {
  readonly name: string;
  readonly type: TensorType;
  /** The program's own name of the input or output. */
  readonly port: string;
  /** Where the port is a part of a tensor: its first element. */
  readonly start?: number;
  /** The shape where some of it is open: numbers and names. */
  readonly dimensions?: readonly (number | string)[];
  /** The type of its elements in the file where that is not the program's. */
  readonly dtype?: 'i64';
}

export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
  readonly initializers: readonly Initializer[];
  readonly nodes: readonly OnnxNode[];
}

export interface NodeOptions {
  readonly domain?: OnnxNode['domain'];
  readonly outputs?: number;
}

export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: Initializer[] = [];
  readonly #shared = new Map<string, string>();
  readonly #transposed = new Map<string, string>();
  readonly #prefix: string;
  #count = 0;

  /** @param prefix of all names: graphs that become one need different ones */
  constructor(prefix = '') {
    this.#prefix = prefix;
  }

  /** Appends a node and returns the names of its outputs. */
  node(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    { domain = '', outputs = 1 }: NodeOptions = {},
  ): readonly [string, ...string[]] {
    const first = this.#fresh(operator);
    const names: [string, ...string[]] = [first];
    for (let index = 1; index < outputs; index++) names.push(`${first}_${index}`);
    this.nodes.push({ operator, domain, inputs, outputs: names, attributes });
    return names;
  }

  /** A matrix transposed; equal ones are shared. */
  transposed(matrix: string): string {
    let name = this.#transposed.get(matrix);
    if (name === undefined) {
      [name] = this.node('Transpose', [matrix], { perm: [1, 0] });
      this.#transposed.set(matrix, name);
    }
    return name;
  }

  /** A one-dimensional int64 constant, such as a shape or axes; equal ones are shared. */
  integers(values: readonly number[]): string {
    return this.#share(`i64:${values.join()}`, () => ({
      shape: [values.length],
      dtype: 'i64',
      data: BigInt64Array.from(values, BigInt),
    }));
  }

  /** A scalar; equal ones are shared. */
  scalar(value: number, dtype: 'f32' | 'i32' | 'u32'): string {
    return this.#share(`${dtype}:${Object.is(value, -0) ? '-0' : value}`, () => ({
      shape: [],
      dtype,
      data: hostTensor([], [value], dtype).data,
    }));
  }

  /** The u32 tensor 0, 1, …, count - 1; equal ones are shared. */
  counters(count: number): string {
    return this.#share(`counters:${count}`, () => ({
      shape: [count],
      dtype: 'u32',
      data: Uint32Array.from({ length: count }, (_, index) => index),
    }));
  }

  /** An f32 tensor of ones; equal ones are shared. */
  ones(shape: readonly number[]): string {
    return this.#share(`ones:${shape.join()}`, () => ({
      shape,
      dtype: 'f32',
      data: new Float32Array(elementCount(shape)).fill(1),
    }));
  }

  constant({ type, data }: HostTensor): string {
    const name = this.#fresh('constant');
    this.initializers.push({ name, shape: type.shape, dtype: type.dtype, data });
    return name;
  }

  #share(key: string, make: () => Omit<Initializer, 'name'>): string {
    let name = this.#shared.get(key);
    if (name === undefined) {
      name = this.#fresh('constant');
      this.#shared.set(key, name);
      this.initializers.push({ name, ...make() });
    }
    return name;
  }

  #fresh(prefix: string): string {
    return `${this.#prefix}${prefix}_${this.#count++}`;
  }
}
