/** The executable specification of a program. */
import { AttuneError } from './errors.js';
import type { Program } from './program.js';
import { elementCount, formatType, sameType } from './tensor.js';

/**
 * Checks that every value is defined once and before its use, that types are what the ops infer, that names are unique
 * and that aliases join inputs and outputs of one type.
 * @throws AttuneError `E_PROGRAM` that names the program and the op.
 */
export function verify(program: Program): Program {
  const fail = (problem: string): never => {
    throw new AttuneError('E_PROGRAM', `Program "${program.name}": ${problem}.`, { field: program.name });
  };
  const defined = new Set<number>();
  const define = (id: number, by: string) => {
    if (!Number.isInteger(id) || id < 0 || id >= program.types.length) fail(`${by} defines %${id}, which has no type`);
    if (defined.has(id)) fail(`${by} defines %${id} again`);
    defined.add(id);
  };
  for (const { name, value } of program.inputs) define(value, `input "${name}"`);
  for (const { value, tensor } of program.constants) {
    define(value, 'a constant');
    const type = program.types[value]!;
    if (!sameType(type, tensor.type) || tensor.data.length !== elementCount(type.shape)) {
      fail(`constant %${value} does not fit ${formatType(type)}`);
    }
  }
  for (const [number, op] of program.ops.entries()) {
    const label = `op ${number} (${op.definition.name})`;
    for (const id of op.inputs) if (!defined.has(id)) fail(`${label} uses %${id} before it is defined`);
    const inferred = op.definition.infer(
      op.inputs.map((id) => program.types[id]!),
      op.attributes,
    );
    if (inferred.length !== op.outputs.length)
      fail(`${label} has ${op.outputs.length} outputs, not ${inferred.length}`);
    for (const [index, id] of op.outputs.entries()) {
      define(id, label);
      const [expected, found] = [inferred[index]!, program.types[id]!];
      if (!sameType(expected, found)) fail(`${label} gives ${formatType(expected)}, %${id} is ${formatType(found)}`);
    }
  }
  if (defined.size !== program.types.length) fail(`${program.types.length - defined.size} values are never defined`);
  for (const { name, value } of program.outputs) if (!defined.has(value)) fail(`output "${name}" is not defined`);
  for (const ports of [program.inputs, program.outputs]) {
    const names = ports.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) fail(`two ports are named "${twice}"`);
  }
  verifyAliases(program, fail);
  return program;
}

function verifyAliases({ aliases, inputs, outputs, types }: Program, fail: (problem: string) => never): void {
  for (const side of ['input', 'output'] as const) {
    if (new Set(aliases.map((alias) => alias[side])).size !== aliases.length) fail(`two aliases share an ${side}`);
  }
  for (const { input, output } of aliases) {
    const [from, to] = [inputs[input], outputs[output]];
    if (!from || !to) fail(`alias of output ${output} to input ${input} is out of range`);
    else if (!sameType(types[from.value]!, types[to.value]!))
      fail(`"${to.name}" cannot take over "${from.name}": types differ`);
  }
}
