/** The engine of the rewriting passes: replays a program, and tries rules on every op as it is appended. */
import {
  type Attributes,
  type HostTensor,
  type OpDefinition,
  type Program,
  ProgramBuilder,
  type Value,
} from '@attune/ir';

/** One application of an op with a single output. */
export interface Node<A extends Attributes = Attributes> {
  readonly definition: OpDefinition;
  readonly attributes: A;
  readonly inputs: readonly Value[];
}

/** Returns a value of the same type that computes the same, or undefined where the rule does not apply. */
export type Rule = (node: Node, graph: Rewriter) => Value | undefined;

/** Rules by the name of the op that they look at. */
export type Rules = Readonly<Record<string, readonly Rule[]>>;

/** True for a node of the definition, by name: two copies of a package do not break each other. */
export function isNode<A extends Attributes>(
  node: Node | undefined,
  definition: OpDefinition<string, A>,
): node is Node<A> {
  return node?.definition.name === definition.name;
}

/** The program under construction, with what is known of its values. */
export class Rewriter {
  readonly builder: ProgramBuilder;
  readonly #rules: Rules;
  readonly #nodes = new Map<number, Node>();
  readonly #constants = new Map<number, HostTensor>();
  readonly #shared = new Set<number>();

  constructor(name: string, rules: Rules) {
    this.builder = new ProgramBuilder(name);
    this.#rules = rules;
  }

  /** How a value is made; undefined for inputs, constants and ops with several outputs. */
  nodeOf(value: Value): Node | undefined {
    return this.#nodes.get(value.id);
  }

  constantOf(value: Value): HostTensor | undefined {
    return this.#constants.get(value.id);
  }

  /** True where more than one op or output of the original program uses the value. */
  isShared(value: Value): boolean {
    return this.#shared.has(value.id);
  }

  markShared(value: Value): void {
    this.#shared.add(value.id);
  }

  constant(tensor: HostTensor): Value {
    const value = this.builder.constant(tensor);
    this.#constants.set(value.id, tensor);
    return value;
  }

  /** Appends an op with one output, or what the rules make of it. */
  apply<A extends Attributes>(definition: OpDefinition<string, A>, inputs: readonly Value[], attributes: A): Value {
    const node = { definition, attributes, inputs };
    for (const rule of this.#rules[definition.name] ?? []) {
      const replacement = rule(node, this);
      if (replacement) return replacement;
    }
    const value = this.builder.apply(definition, inputs, attributes)[0]!;
    this.#nodes.set(value.id, node);
    return value;
  }
}

/** The program with the rules applied to every op, operands first. Dead ops may be left over. */
export function rewriteProgram(program: Program, rules: Rules): Program {
  const graph = new Rewriter(program.name, rules);
  const uses = useCounts(program);
  const values: Value[] = new Array(program.types.length);
  const define = (id: number, value: Value) => {
    values[id] = value;
    if (uses[id]! > 1) graph.markShared(value);
  };
  for (const { name, value } of program.inputs) define(value, graph.builder.input(name, program.types[value]!));
  for (const { value, tensor } of program.constants) define(value, graph.constant(tensor));
  for (const { definition, attributes, inputs, outputs } of program.ops) {
    const operands = inputs.map((id) => values[id]!);
    const results =
      outputs.length === 1
        ? [graph.apply(definition, operands, attributes)]
        : graph.builder.apply(definition, operands, attributes);
    for (const [index, id] of outputs.entries()) define(id, results[index]!);
  }
  return graph.builder.finish(
    Object.fromEntries(program.outputs.map(({ name, value }) => [name, values[value]!])),
    program.aliases,
  );
}

function useCounts(program: Program): readonly number[] {
  const counts = new Array<number>(program.types.length).fill(0);
  for (const { inputs } of program.ops) for (const id of inputs) counts[id]!++;
  for (const { value } of program.outputs) counts[value]!++;
  return counts;
}
