import {
  AttuneError,
  byteLength,
  type Capabilities,
  type DType,
  formatType,
  type Op,
  type Program,
  stopGradientDefinition,
} from '@attune/ir';
import { rebuild } from './rebuild.js';

/**
 * Decomposes the composites that the device does not claim, until only primitives and claimed composites are left, and
 * lets `stop_gradient` vanish: what is legal for a device is not differentiated any more.
 * @throws AttuneError `E_UNSUPPORTED_PROGRAM` that lists the dtypes that the device lacks and the tensors that are
 *   larger than it can hold
 */
export function legalize(program: Program, capabilities: Capabilities): Program {
  const { composites } = capabilities;
  let current = program;
  while (current.ops.some((op) => isForeign(op, composites) || isStop(op, current))) {
    const from = current;
    current = rebuild(current, (op, inputs) => {
      if (isStop(op, from)) return inputs;
      return op.definition.kind === 'composite' && isForeign(op, composites)
        ? op.definition.decompose(inputs, op.attributes)
        : undefined;
    });
  }
  expectCapable(current, capabilities);
  return current;
}

const isForeign = ({ definition: { kind, name } }: Op, composites: ReadonlySet<string>): boolean =>
  kind === 'composite' && !composites.has(name);

/** A stop that is not itself an output, which has to stay apart from the input that it may be of. */
const isStop = ({ definition, outputs: [result] }: Op, { outputs }: Program): boolean =>
  definition.name === stopGradientDefinition.name && !outputs.some(({ value }) => value === result);

function expectCapable(program: Program, { dtypes, maxBufferBytes }: Capabilities): void {
  const missing = new Set<DType>(program.types.map(({ dtype }) => dtype).filter((dtype) => !dtypes.has(dtype)));
  const names = new Map(program.inputs.map(({ name, value }) => [value, `input "${name}"`]));
  for (const { definition, outputs } of program.ops) for (const id of outputs) names.set(id, `a ${definition.name}`);
  const large = program.types.flatMap((type, id) => {
    const bytes = byteLength(type);
    return bytes > maxBufferBytes ? [`${names.get(id) ?? 'a constant'} of ${formatType(type)}, ${bytes} bytes`] : [];
  });
  const problems = [
    ...(missing.size > 0 ? [`the device has no ${[...missing].join(', ')}`] : []),
    ...(large.length > 0
      ? [`larger than its ${maxBufferBytes} bytes: ${large.slice(0, 10).join('; ')}${more(large.length - 10)}`]
      : []),
  ];
  if (problems.length === 0) return;
  throw new AttuneError('E_UNSUPPORTED_PROGRAM', `"${program.name}" does not fit the device: ${problems.join('; ')}.`, {
    field: program.name,
    ...(large.length > 0 ? { hint: 'Take smaller batches or shorter texts, or another backend.' } : {}),
  });
}

const more = (count: number): string => (count > 0 ? ` and ${count} more` : '');
