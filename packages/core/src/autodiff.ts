/**
 * Source-to-source reverse-mode differentiation: a program goes in, a program comes out. Composites are differentiated
 * by their own vjp where they have one, else by their decomposition's. Since vjps are made of ops, gradients can be
 * differentiated again.
 */
import {
  AttuneError,
  add,
  broadcastTo,
  inlineAll,
  type Op,
  type Program,
  ProgramBuilder,
  type Value,
} from '@attune/ir';
import { eliminateDeadCode } from './passes/dead-code.js';

export interface GradOptions {
  /** The scalar output to differentiate; the first output by default. */
  readonly output?: string;
  /** Names of the inputs to differentiate by. */
  readonly wrt: readonly string[];
}

/**
 * The program's own outputs, followed by `grad/<input>` for each name in `wrt`.
 * @throws AttuneError `E_NO_GRADIENT` that lists every input in `wrt` that the output does not depend on.
 */
export function grad(program: Program, { output, wrt }: GradOptions): Program {
  const builder = new ProgramBuilder(`grad(${program.name})`);
  const inputs = program.inputs.map((port) => builder.input(port.name, program.types[port.value]!));
  const { outputs, gradients } = differentiate(builder, program, inputs, { output, wrt });
  return eliminateDeadCode(
    builder.finish({
      ...Object.fromEntries(program.outputs.map((port, index) => [port.name, outputs[index]!])),
      ...Object.fromEntries(wrt.map((name, index) => [`grad/${name}`, gradients[index]!])),
    }),
  );
}

/**
 * Replays `program` into `builder` and appends its backward pass: the way to build a step of several parts.
 * @returns the program's outputs, and the gradients in the order of `wrt`
 */
export function differentiate(
  builder: ProgramBuilder,
  program: Program,
  inputs: readonly Value[],
  { output, wrt }: GradOptions,
): { outputs: readonly Value[]; gradients: readonly Value[] } {
  const differentiable = decomposeWithoutVjp(program);
  const result = output ?? program.outputs[0]?.name;
  const port = differentiable.outputs.find(({ name }) => name === result);
  if (!port || differentiable.types[port.value]!.shape.length !== 0) {
    throw new AttuneError('E_PROGRAM', `Program "${program.name}" has no scalar output "${result}" to differentiate.`);
  }
  const values = inlineAll(builder, differentiable, inputs);
  const cotangents = backward(differentiable, values, new Map([[port.value, one(values[port.value]!)]]), wrt);
  return {
    outputs: differentiable.outputs.map(({ value }) => values[value]!),
    gradients: collect(differentiable, cotangents, wrt),
  };
}

/**
 * Vector-Jacobian products of any outputs: `cotangents[j]` belongs to output j (undefined: none).
 * @returns the cotangents of the inputs in `wrt`, undefined where nothing reaches them
 */
export function vectorJacobianProduct(
  builder: ProgramBuilder,
  program: Program,
  inputs: readonly Value[],
  cotangents: readonly (Value | undefined)[],
  wrt: readonly string[],
): { outputs: readonly Value[]; gradients: readonly (Value | undefined)[] } {
  const differentiable = decomposeWithoutVjp(program);
  const values = inlineAll(builder, differentiable, inputs);
  const seeds = new Map<number, Value>();
  for (const [index, { value }] of differentiable.outputs.entries()) {
    const cotangent = cotangents[index];
    if (cotangent) accumulate(seeds, value, cotangent);
  }
  const found = backward(differentiable, values, seeds, wrt);
  return {
    outputs: differentiable.outputs.map(({ value }) => values[value]!),
    gradients: wrt.map((name) => found.get(inputPort(differentiable, name).value)),
  };
}

/** Walks the ops in reverse, and adds up cotangents by the value ids of `program`. */
function backward(
  program: Program,
  values: readonly Value[],
  seeds: ReadonlyMap<number, Value>,
  wrt: readonly string[],
): ReadonlyMap<number, Value> {
  const active = dependents(
    program,
    wrt.map((name) => inputPort(program, name).value),
  );
  const cotangents = new Map(seeds);
  for (const op of program.ops.toReversed()) {
    if (!op.outputs.some((id) => cotangents.has(id)) || !op.inputs.some((id) => active.has(id))) continue;
    const contributions = vjpOf(op, values, cotangents);
    for (const [index, id] of op.inputs.entries()) {
      const contribution = contributions[index];
      if (contribution && active.has(id)) accumulate(cotangents, id, contribution);
    }
  }
  return cotangents;
}

function vjpOf(
  op: Op,
  values: readonly Value[],
  cotangents: ReadonlyMap<number, Value>,
): readonly (Value | undefined)[] {
  const { definition, attributes } = op;
  if (!definition.vjp) throw new AttuneError('E_PROGRAM', `${definition.name} has no vjp and was not decomposed.`);
  return definition.vjp({
    inputs: op.inputs.map((id) => values[id]!),
    outputs: op.outputs.map((id) => values[id]!),
    attributes,
    cotangents: op.outputs.map((id) => cotangents.get(id)),
  });
}

function accumulate(cotangents: Map<number, Value>, id: number, contribution: Value): void {
  const sum = cotangents.get(id);
  cotangents.set(id, sum ? add(sum, contribution) : contribution);
}

/** Ids of all values that depend on the given ones. */
function dependents(program: Program, roots: readonly number[]): ReadonlySet<number> {
  const active = new Set(roots);
  for (const op of program.ops) {
    if (op.inputs.some((id) => active.has(id))) for (const id of op.outputs) active.add(id);
  }
  return active;
}

function collect(program: Program, cotangents: ReadonlyMap<number, Value>, wrt: readonly string[]): readonly Value[] {
  const missing = wrt.filter((name) => !cotangents.has(inputPort(program, name).value));
  if (missing.length > 0) {
    throw new AttuneError(
      'E_NO_GRADIENT',
      `The loss of "${program.name}" does not depend on ${missing.slice(0, 10).join(', ')}${missing.length > 10 ? ` and ${missing.length - 10} more` : ''}.`,
      { field: missing[0]!, hint: 'Leave these parameters out of the trainable set.' },
    );
  }
  return wrt.map((name) => cotangents.get(inputPort(program, name).value)!);
}

function inputPort(program: Program, name: string): { readonly value: number } {
  const port = program.inputs.find((input) => input.name === name);
  if (!port) throw new AttuneError('E_PROGRAM', `Program "${program.name}" has no input "${name}".`, { field: name });
  return port;
}

const one = (like: Value): Value => broadcastTo(like.builder.scalar(1), like.type.shape);

/** Replaces composites that have no vjp of their own, until none is left. */
function decomposeWithoutVjp(program: Program): Program {
  let current = program;
  const lacksVjp = ({ definition }: Op) => definition.kind === 'composite' && !definition.vjp;
  while (current.ops.some(lacksVjp)) {
    const builder = new ProgramBuilder(current.name);
    const inputs = current.inputs.map((port) => builder.input(port.name, current.types[port.value]!));
    const values = inlineAll(builder, current, inputs, (op, operands) =>
      op.definition.kind === 'composite' && !op.definition.vjp
        ? op.definition.decompose(operands, op.attributes)
        : undefined,
    );
    current = builder.finish(
      Object.fromEntries(current.outputs.map((port) => [port.name, values[port.value]!])),
      current.aliases,
    );
  }
  return current;
}
