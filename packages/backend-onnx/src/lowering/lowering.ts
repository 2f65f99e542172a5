/**
 * What emitters work on. A program value is held as an ONNX tensor whose own shape broadcasts (NumPy's way) to the
 * value's: broadcasts cost nothing until somebody needs the full tensor. Products are held back until they are used, so
 * that a scale or a bias can become part of them.
 */
import {
  elementCount,
  mulDefinition,
  type Op,
  type Program,
  sameShape,
  type TensorType,
  type ValueId,
} from '@attune/ir';
import { GraphBuilder } from './graph.js';

/** An ONNX tensor that stands for a program value. */
export interface Held {
  readonly name: string;
  /** Broadcasts to the value's shape, aligned at the last axis. */
  readonly shape: readonly number[];
}

/** A product that is not emitted yet: `alpha * a b`, both two-dimensional or both with one batch axis. */
export interface PendingProduct {
  readonly a: string;
  readonly b: string;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly alpha: number;
  readonly batched: boolean;
  readonly rows: number;
  readonly columns: number;
}

interface LoweringOptions {
  /** Where nodes go; a new graph by default. */
  readonly graph?: GraphBuilder;
  /** The tensors that stand for inputs, by name; an input's own name by default. */
  readonly given?: ReadonlyMap<string, Held>;
  /** Whether products of few rows with the rows of a large matrix are computed the other way round; false by default. */
  readonly turnsFewRows?: boolean;
}

export class Lowering {
  readonly graph: GraphBuilder;
  readonly program: Program;
  readonly #held = new Map<ValueId, Held>();
  readonly #full = new Map<ValueId, string>();
  readonly #pending = new Map<ValueId, PendingProduct>();
  /** Squares x * x, by the id of the square. */
  readonly #squares: ReadonlyMap<ValueId, ValueId>;
  readonly #uses: readonly number[];
  /** Scalars that are constants, by value id. */
  readonly #scalars = new Map<ValueId, number>();

  readonly #turnsFewRows: boolean;

  constructor(
    program: Program,
    { graph = new GraphBuilder(), given = new Map(), turnsFewRows = false }: LoweringOptions = {},
  ) {
    this.program = program;
    this.graph = graph;
    this.#turnsFewRows = turnsFewRows;
    this.#uses = countUses(program);
    this.#squares = squaresOf(program);
    for (const { name, value } of program.inputs) {
      const held = given.get(name) ?? { name, shape: this.type(value).shape };
      this.hold(value, held.name, held.shape);
    }
    for (const { value, tensor } of program.constants) {
      const { dtype, shape } = tensor.type;
      const first = tensor.data[0];
      if (shape.length === 0 && first !== undefined && (dtype === 'f32' || dtype === 'i32' || dtype === 'u32')) {
        this.#scalars.set(value, first);
        this.hold(value, this.graph.scalar(first, dtype), []);
      } else {
        this.hold(value, this.graph.constant(tensor), shape);
      }
    }
  }

  type(id: ValueId): TensorType {
    return this.program.types[id]!;
  }

  /** Declares the tensor that stands for a value. */
  hold(id: ValueId, name: string, shape: readonly number[]): void {
    this.#held.set(id, { name, shape });
    if (sameShape(shape, this.type(id).shape)) this.#full.set(id, name);
  }

  /** Holds a product back until its value is used. */
  postpone(id: ValueId, product: PendingProduct): void {
    this.#pending.set(id, product);
  }

  /** The x of a square x * x. A square is not emitted before it is held for something else than its sum. */
  squareOf(id: ValueId): ValueId | undefined {
    return this.#squares.get(id);
  }

  /** The tensor of a value in any shape that broadcasts to the value's. */
  held(id: ValueId): Held {
    const root = this.#squares.get(id);
    if (root !== undefined && !this.#held.has(id)) {
      const { name, shape } = this.held(root);
      this.hold(id, this.graph.node('Mul', [name, name])[0], shape);
    }
    const product = this.#pending.get(id);
    if (product) this.settle(id, product);
    return this.#held.get(id)!;
  }

  /** The tensor of a value in the value's own shape. */
  full(id: ValueId): string {
    const { name, shape } = this.held(id);
    let full = this.#full.get(id);
    if (full === undefined) {
      const target = this.type(id).shape;
      [full] =
        elementCount(shape) === elementCount(target)
          ? this.graph.node('Reshape', [name, this.graph.integers(target)])
          : this.graph.node('Expand', [name, this.graph.integers(target)]);
      this.#full.set(id, full);
    }
    return full;
  }

  /** The value of a constant scalar (also broadcast), undefined for everything else. */
  scalarOf(id: ValueId): number | undefined {
    return this.#scalars.get(id);
  }

  /** Marks a value as a broadcast of a constant scalar. */
  keepScalar(id: ValueId, source: ValueId): void {
    const scalar = this.#scalars.get(source);
    if (scalar !== undefined) this.#scalars.set(id, scalar);
  }

  /** Takes a held-back product that nobody else uses; it will not be emitted on its own. */
  takeProduct(id: ValueId): PendingProduct | undefined {
    const product = this.#pending.get(id);
    if (!product || this.#uses[id] !== 1) return undefined;
    this.#pending.delete(id);
    return product;
  }

  /** Emits a held-back product. */
  settle(id: ValueId, product: PendingProduct): void {
    this.#pending.delete(id);
    const isTurned = this.#turnsFewRows && isOfFewRows(product);
    this.result(id, isTurned ? emitTurned(this.graph, product) : emitProduct(this.graph, product));
  }

  /** Holds the result of a node that has as many elements as the value, in whatever shape. */
  result(id: ValueId, name: string): void {
    const { shape } = this.type(id);
    const [full] = this.graph.node('Reshape', [name, this.graph.integers(shape)]);
    this.hold(id, full, shape);
  }

  /** Declares the outputs of an op that made full tensors. */
  outputs(op: Op, names: readonly string[]): void {
    for (const [index, id] of op.outputs.entries()) this.hold(id, names[index]!, this.type(id).shape);
  }
}

/**
 * `alpha * a b` as MatMul, or FusedMatMul where something is folded into it. ONNX Runtime is a third slower at products
 * of a transposed first operand, which gradients of weights are: of large matrices the smaller operand is transposed
 * before, where it is the second one with the product the other way round.
 */
function emitProduct(graph: GraphBuilder, product: PendingProduct): string {
  const { a, b, transposeA, transposeB, alpha, batched, rows, columns } = product;
  if (!batched && transposeA && !transposeB && Math.min(rows, columns) >= 64) {
    const isFirstSmaller = rows < columns;
    const [left, right] = isFirstSmaller ? [graph.transposed(a), b] : [graph.transposed(b), a];
    const direct = emitProduct(graph, { ...product, a: left, b: right, transposeA: false });
    return isFirstSmaller ? direct : graph.transposed(direct);
  }
  if (!transposeA && !transposeB && alpha === 1) return graph.node('MatMul', [a, b])[0];
  return graph.node(
    'FusedMatMul',
    [a, b],
    { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: alpha } },
    { domain: 'com.microsoft' },
  )[0];
}

/**
 * Whether a product is one of a few rows with the rows of a large matrix, as the next tokens of several texts are multiplied.
 * ONNX Runtime packs its second operand anew in each run; with the rows in that place it is a fifth to a quarter faster.
 */
const isOfFewRows = ({ batched, transposeA, transposeB, rows, columns }: PendingProduct): boolean =>
  !batched && !transposeA && transposeB && rows >= 4 && rows <= 16 && columns >= 512;

/** a bᵀ as the transpose of b aᵀ. */
const emitTurned = (graph: GraphBuilder, product: PendingProduct): string => {
  const { a, b, rows, columns } = product;
  return graph.transposed(emitProduct(graph, { ...product, a: b, b: a, rows: columns, columns: rows }));
};

/** Products of a value with itself. */
export const squaresOf = ({ ops }: Program): ReadonlyMap<ValueId, ValueId> =>
  new Map(
    ops
      .filter(({ definition, inputs: [x, y] }) => definition.name === mulDefinition.name && x === y)
      .map(({ inputs, outputs }) => [outputs[0]!, inputs[0]!]),
  );

function countUses(program: Program): number[] {
  const uses = new Array<number>(program.types.length).fill(0);
  for (const op of program.ops) for (const id of op.inputs) uses[id]!++;
  for (const { value } of program.outputs) uses[value]!++;
  return uses;
}
