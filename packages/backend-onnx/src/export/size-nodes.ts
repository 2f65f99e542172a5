/** Nodes that compute at run time what depends on the open sizes of a graph. */
import type { DType } from '@attune/ir';
import { GraphBuilder, type GraphPort } from '../lowering/graph.js';
import { onnxType } from '../lowering/onnx-type.js';
import type { SizeProduct } from './sizes.js';

export class SizeNodes {
  /** Apart from the names of the graph that the nodes become part of. */
  readonly graph = new GraphBuilder('size/');
  readonly #made = new Map<string, string>();
  readonly #inputs: readonly GraphPort[];

  /** @param inputs those of the graph, with their dimensions: the sizes are read from them */
  constructor(inputs: readonly GraphPort[]) {
    this.#inputs = inputs;
  }

  /** i64 [products.length]: a shape. */
  vector(products: readonly SizeProduct[]): string {
    const [first, ...more] = products.map((product) => this.#number(product));
    if (first === undefined) return this.graph.integers([]);
    if (more.length === 0) return first;
    const parts = [first, ...more];
    return this.#once(`vector:${parts.join()}`, () => this.graph.node('Concat', parts, { axis: 0 })[0]);
  }

  /** 0, 1, … below `count`, in a shape of as many elements. */
  range(count: SizeProduct, shape: readonly SizeProduct[], dtype: DType): string {
    const target = this.vector(shape);
    return this.#once(`range:${target}:${dtype}`, () => {
      const [limit] = this.graph.node('Squeeze', [this.#number(count)]);
      const [start, step] = [0, 1].map((value) => this.graph.node('Squeeze', [this.graph.integers([value])])[0]);
      const [numbers] = this.graph.node('Range', [start!, limit, step!]);
      const [cast] = this.graph.node('Cast', [numbers], { to: onnxType[dtype] });
      return this.graph.node('Reshape', [cast, target])[0];
    });
  }

  /** i64 [1]. */
  #number({ factor, names }: SizeProduct): string {
    return names
      .map((name) => this.#size(name))
      .reduce<string | undefined>(
        (product, size) =>
          product === undefined
            ? size
            : this.#once(`product:${product},${size}`, () => this.graph.node('Mul', [product, size])[0]),
        names.length > 0 && factor === 1 ? undefined : this.graph.integers([factor]),
      )!;
  }

  #size(name: string): string {
    return this.#once(`size:${name}`, () => {
      const input = this.#inputs.find(({ dimensions }) => dimensions?.includes(name));
      if (!input) throw new RangeError(`No input has the size "${name}".`);
      const [shape] = this.graph.node('Shape', [input.name]);
      return this.graph.node('Gather', [shape, this.graph.integers([input.dimensions!.indexOf(name)])], { axis: 0 })[0];
    });
  }

  #once(key: string, make: () => string): string {
    const name = this.#made.get(key) ?? make();
    this.#made.set(key, name);
    return name;
  }
}
