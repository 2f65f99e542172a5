import type { OpDefinition } from './definition.js';
import { AttuneError } from './errors.js';
import type { Alias, Attributes, Constant, Op, Port, Program, ValueId } from './program.js';
import { type DType, elementCount, formatType, type HostTensor, hostTensor, type TensorType } from './tensor.js';

/** A handle on a value of a program under construction. Op functions (`add(x, y)`) take and return handles. */
export interface Value {
  readonly builder: ProgramBuilder;
  readonly id: ValueId;
  readonly type: TensorType;
}

/** Builds a program by appending ops. Used by tracing, autodiff and passes alike; checks types as it goes. */
export class ProgramBuilder {
  readonly #name: string;
  readonly #types: TensorType[] = [];
  readonly #inputs: Port[] = [];
  readonly #inputNames = new Set<string>();
  readonly #constants: Constant[] = [];
  readonly #ops: Op[] = [];
  readonly #scalars = new Map<string, Value>();

  constructor(name: string) {
    this.#name = name;
  }

  /** Declares an input. @throws AttuneError `E_PROGRAM` where the name is taken. */
  input(name: string, type: TensorType): Value {
    if (this.#inputNames.has(name)) {
      throw new AttuneError('E_PROGRAM', `Program "${this.#name}" already has an input "${name}".`, { field: name });
    }
    const value = this.#value(type);
    this.#inputs.push({ name, value: value.id });
    this.#inputNames.add(name);
    return value;
  }

  /** A constant tensor. Its data must not change afterwards. */
  constant(tensor: HostTensor): Value {
    const { shape, dtype } = tensor.type;
    const [element] = tensor.data;
    const key = shape.length === 0 ? `${dtype}:${Object.is(element, -0) ? '-0' : element}` : undefined;
    const known = key === undefined ? undefined : this.#scalars.get(key);
    if (known) return known;
    const value = this.#value(tensor.type);
    this.#constants.push({ value: value.id, tensor });
    if (key !== undefined) this.#scalars.set(key, value);
    return value;
  }

  /** A constant scalar. f16 and bf16 scalars are made by `cast`. */
  scalar(number: number, dtype: Exclude<DType, 'f16' | 'bf16'> = 'f32'): Value {
    return this.constant(hostTensor([], [number], dtype));
  }

  /** Appends an op and returns its outputs. */
  apply<A extends Attributes>(
    definition: OpDefinition<string, A>,
    inputs: readonly Value[],
    attributes: A,
  ): readonly Value[] {
    for (const input of inputs) {
      if (input.builder !== this) {
        throw new AttuneError('E_PROGRAM', `An input of ${definition.name} belongs to another program.`, {
          field: definition.name,
        });
      }
    }
    const types = definition.infer(
      inputs.map((input) => input.type),
      attributes,
    );
    const outputs = types.map((type) => this.#value(type));
    this.#ops.push({
      definition,
      attributes,
      inputs: inputs.map((input) => input.id),
      outputs: outputs.map((output) => output.id),
    });
    return outputs;
  }

  /** The finished program. The builder may go on; the program is a snapshot. */
  finish(outputs: Readonly<Record<string, Value>>, aliases: readonly Alias[] = []): Program {
    return {
      name: this.#name,
      types: [...this.#types],
      inputs: [...this.#inputs],
      constants: [...this.#constants],
      ops: [...this.#ops],
      outputs: Object.entries(outputs).map(([name, value]) => ({ name, value: value.id })),
      aliases,
    };
  }

  #value(type: TensorType): Value {
    for (const size of type.shape) {
      if (!Number.isInteger(size) || size < 0) {
        throw new AttuneError('E_SHAPE', `${formatType(type)} is not a static shape.`);
      }
    }
    elementCount(type.shape);
    this.#types.push(type);
    return { builder: this, id: this.#types.length - 1, type };
  }
}

/**
 * Replays a program's ops into another builder: the way to compose programs. `rewrite` may replace an op by returning
 * its outputs; where it returns undefined the op is copied.
 * @param inputs the values that stand for the program's inputs, in order
 * @returns the values that stand for its outputs, in order
 */
export function inline(
  builder: ProgramBuilder,
  program: Program,
  inputs: readonly Value[],
  rewrite: (op: Op, inputs: readonly Value[]) => readonly Value[] | undefined = () => undefined,
): readonly Value[] {
  const values = inlineAll(builder, program, inputs, rewrite);
  return program.outputs.map((port) => values[port.value]!);
}

/** As `inline`, and returns the new value of every old one, by id. */
export function inlineAll(
  builder: ProgramBuilder,
  program: Program,
  inputs: readonly Value[],
  rewrite: (op: Op, inputs: readonly Value[]) => readonly Value[] | undefined = () => undefined,
): readonly Value[] {
  if (inputs.length !== program.inputs.length) {
    throw new AttuneError(
      'E_PROGRAM',
      `Program "${program.name}" takes ${program.inputs.length} inputs, ${inputs.length} were given.`,
    );
  }
  const values: Value[] = new Array(program.types.length);
  for (const [index, port] of program.inputs.entries()) values[port.value] = inputs[index]!;
  for (const { value, tensor } of program.constants) values[value] = builder.constant(tensor);
  for (const op of program.ops) {
    const operands = op.inputs.map((id) => values[id]!);
    const outputs = rewrite(op, operands) ?? builder.apply(op.definition, operands, op.attributes);
    for (const [index, id] of op.outputs.entries()) values[id] = outputs[index]!;
  }
  return values;
}
