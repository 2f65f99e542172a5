/**
 * One graph for open sizes from graphs at several sizes: programs have static shapes, so the same program is lowered at
 * sample sizes, and the constants in which the graphs differ become computations. What differs in any other way is
 * refused. A program that takes other ops only beyond the sample sizes would not be noticed; models branch on no sizes.
 */
import { AttuneError } from '@attune/ir';
import type { GraphPort, Initializer, OnnxGraph, OnnxNode } from '../lowering/graph.js';
import { SizeNodes } from './size-nodes.js';
import { productOf, type SizeProduct, type Sizes } from './sizes.js';

export interface Sample {
  readonly sizes: Sizes;
  readonly graph: OnnxGraph;
}

/** @throws AttuneError `E_UNSUPPORTED_PROGRAM` where the samples differ in more than in products of their sizes */
export function generalize(samples: readonly [Sample, ...Sample[]]): OnnxGraph {
  const [{ graph: first }] = samples;
  const sizes = samples.map((sample) => sample.sizes);
  const origins = samples.map(({ graph }) => originsOf(graph));
  const ports = (side: 'inputs' | 'outputs') =>
    first[side].map((port, index): GraphPort => {
      const shapes = samples.map(({ graph }) => graph[side][index]!.type.shape);
      return { ...port, dimensions: productsOf(shapes, sizes, port.name).map(nameOf) };
    });
  for (const { name } of first.outputs) {
    const makers = samples.map(({ graph }, sample) => [graph.nodes.length, origins[sample]!(name)].join());
    if (makers.some((each) => each !== makers[0])) throw refusal(sizes, name.replace(/^out:/, ''));
  }
  const inputs = ports('inputs');
  const made = new SizeNodes(inputs);
  const nodes = first.nodes.map((node, index): OnnxNode => {
    const alike = samples.map(({ graph }) => graph.nodes[index]!);
    if (!alike.every((each) => kindOf(each) === kindOf(node))) throw refusal(sizes, node.operator);
    return {
      ...node,
      inputs: node.inputs.map((name, place) => {
        const found = alike.map(({ inputs: names }, sample) => origins[sample]!(names[place]!));
        const initializers = found.filter((origin) => typeof origin !== 'string');
        if (initializers.length === 0 && found.every((origin) => origin === found[0])) return name;
        if (initializers.length < found.length) throw refusal(sizes, node.operator);
        return isOne(initializers) ? name : computed(made, initializers, sizes, node.operator);
      }),
    };
  });
  const used = new Set(nodes.flatMap((node) => node.inputs));
  return {
    ...first,
    inputs,
    outputs: ports('outputs'),
    initializers: [...made.graph.initializers, ...first.initializers.filter(({ name }) => used.has(name))],
    nodes: [...made.graph.nodes, ...nodes],
  };
}

/** What a name stands for: an initializer, or a text that is the same in every graph of the same nodes. */
function originsOf({ nodes, initializers }: OnnxGraph): (name: string) => Initializer | string {
  const constants = new Map(initializers.map((initializer) => [initializer.name, initializer]));
  const results = new Map(
    nodes.flatMap(({ outputs }, node) => outputs.map((name, output) => [name, `${node}.${output}`] as const)),
  );
  return (name) => constants.get(name) ?? results.get(name) ?? name;
}

const kindOf = ({ operator, domain, inputs, outputs, attributes }: OnnxNode): string =>
  JSON.stringify([operator, domain, inputs.length, outputs.length, attributes]);

/** Whether a constant is the same in every graph. */
const isOne = ([first, ...others]: readonly Initializer[]): boolean =>
  others.every(({ dtype, shape, data }) => {
    const numbers = Array.from(data, Number);
    return (
      dtype === first!.dtype &&
      shape.join() === first!.shape.join() &&
      numbers.every((value, index) => Object.is(value, Number(first!.data[index])))
    );
  });

/** A constant that depends on the sizes: a shape, or the numbers of places. */
function computed(
  made: SizeNodes,
  initializers: readonly Initializer[],
  sizes: readonly Sizes[],
  operator: string,
): string {
  const dtype = initializers[0]!.dtype;
  const numbers = initializers.map(({ data }) => Array.from(data, Number));
  const shapes = initializers.map(({ shape }) => shape);
  if (dtype === 'i64' && shapes.every((shape) => shape.length === 1)) {
    return made.vector(productsOf(numbers, sizes, operator));
  }
  if (dtype !== 'i64' && numbers.every((each) => each.every((value, place) => value === place))) {
    const counts = numbers.map(({ length }) => [length]);
    return made.range(productsOf(counts, sizes, operator)[0]!, productsOf(shapes, sizes, operator), dtype);
  }
  throw refusal(sizes, operator);
}

/** Lists of numbers, of which each sample has one, as a list of products. */
function productsOf(
  lists: readonly (readonly number[])[],
  sizes: readonly Sizes[],
  where: string,
): readonly SizeProduct[] {
  const [first = [], ...others] = lists;
  if (others.some(({ length }) => length !== first.length)) throw refusal(sizes, where);
  return first.map((_, place) => {
    const values = lists.map((list) => list[place]!);
    const product = productOf(values, sizes);
    if (!product) throw refusal(sizes, where);
    return product;
  });
}

/** A dimension as ONNX has it: a number, or a name. */
const nameOf = ({ factor, names }: SizeProduct): number | string => {
  if (names.length === 0) return factor;
  return [...(factor === 1 ? [] : [factor]), ...names].join('*');
};

const refusal = (sizes: readonly Sizes[], where: string): AttuneError =>
  new AttuneError(
    'E_UNSUPPORTED_PROGRAM',
    `The graph cannot leave ${Object.keys(sizes[0]!).join(' and ')} open: ${where} depends on them in another way than by products.`,
    { hint: 'Give it fixed sizes (--batch-size, --max-length).' },
  );
