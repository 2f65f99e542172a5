import { type Alias, AttuneError, formatType, type Program, sameType } from '@attune/ir';

/**
 * Lets outputs take over the storage of inputs: each named input, unless it is donated already, goes to the output of
 * its name, else to the first output of its type that took over nothing. Inputs without such an output stay as they are.
 * @param names inputs that nobody needs after the run
 * @throws AttuneError `E_PROGRAM` for a name that is no input, for aliases whose types differ, and for an input that is
 *   handed out unchanged as one output while another takes over its storage
 */
export function donate(program: Program, names: readonly string[] = []): Program {
  const aliases = [...program.aliases];
  const unknown = names.find((name) => !program.inputs.some((port) => port.name === name));
  if (unknown !== undefined) {
    throw new AttuneError('E_PROGRAM', `Program "${program.name}" has no input "${unknown}".`, { field: unknown });
  }
  const isFree = (alias: Alias) =>
    !aliases.some(({ input, output }) => input === alias.input || output === alias.output);
  const candidates = (byName: boolean): Alias[] =>
    program.inputs.flatMap((port, input) =>
      names.includes(port.name)
        ? program.outputs.flatMap((target, output) =>
            byName === (target.name === port.name) ? [{ input, output }] : [],
          )
        : [],
    );
  for (const alias of [...candidates(true), ...candidates(false)]) {
    if (isFree(alias) && problemOf(program, alias) === undefined) aliases.push(alias);
  }
  for (const alias of aliases) {
    const problem = problemOf(program, alias);
    if (problem) throw new AttuneError('E_PROGRAM', `Program "${program.name}": ${problem}.`, { field: program.name });
  }
  return { ...program, aliases };
}

function problemOf({ inputs, outputs, types }: Program, { input, output }: Alias): string | undefined {
  const [from, to] = [inputs[input], outputs[output]];
  if (!from || !to) return `alias of output ${output} to input ${input} is out of range`;
  const [source, target] = [types[from.value]!, types[to.value]!];
  if (!sameType(source, target)) {
    return `output "${to.name}" (${formatType(target)}) cannot take over input "${from.name}" (${formatType(source)})`;
  }
  const other = outputs.find((port, index) => port.value === from.value && index !== output);
  return other && `input "${from.name}" is donated to "${to.name}" but returned as "${other.name}"`;
}
