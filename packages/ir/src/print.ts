import type { Attributes, Program } from './program.js';
import { formatType, type HostTensor } from './tensor.js';

/** The program as text, one op a line; equal programs print equally. */
export function print(program: Program): string {
  const type = (id: number) => formatType(program.types[id]!);
  const named = new Map(program.inputs.map(({ name, value }) => [value, name]));
  const label = (id: number) => (named.has(id) ? `%${named.get(id)}` : `%${id}`);
  const lines = program.constants.map(
    ({ value, tensor }) => `  ${label(value)}: ${type(value)} = constant ${formatData(tensor)}`,
  );
  for (const op of program.ops) {
    const outputs = op.outputs.map((id) => `${label(id)}: ${type(id)}`).join(', ');
    lines.push(
      `  ${outputs} = ${op.definition.name}(${op.inputs.map(label).join(', ')})${formatAttributes(op.attributes)}`,
    );
  }
  const inputs = program.inputs.map(({ name, value }) => `${name}: ${type(value)}`).join(', ');
  const results = program.outputs.map(({ name, value }) => `${name} = ${label(value)}`).join(', ');
  const aliases = program.aliases.map(
    ({ input, output }) => `  alias ${program.outputs[output]?.name} takes over ${program.inputs[input]?.name}`,
  );
  return [`program "${program.name}" (${inputs}) {`, ...lines, ...aliases, `  return ${results}`, '}'].join('\n');
}

function formatAttributes(attributes: Attributes): string {
  const entries = Object.entries(attributes);
  return entries.length === 0
    ? ''
    : ` {${entries.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ')}}`;
}

function formatData({ data }: HostTensor): string {
  return data.length <= 8 ? `[${[...data].join(', ')}]` : `[${[...data.subarray(0, 8)].join(', ')}, …]`;
}
