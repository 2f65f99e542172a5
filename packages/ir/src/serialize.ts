/** Programs as bytes: a JSON header, its length before it, and the data of the constants behind it. */
import type { CompositeDefinition, OpDefinition } from './definition.js';
import { AttuneError } from './errors.js';
import { primitives } from './primitives.js';
import type { Alias, Attributes, Port, Program } from './program.js';
import { byteLength, hostArrayOf, type TensorType } from './tensor.js';
import { verify } from './verify.js';

interface SerializedOp {
  readonly name: string;
  readonly attributes: Attributes;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

interface Header {
  readonly format: 'attune-program';
  readonly version: 1;
  readonly name: string;
  readonly types: readonly TensorType[];
  readonly inputs: readonly Port[];
  readonly constants: readonly number[];
  readonly ops: readonly SerializedOp[];
  readonly outputs: readonly Port[];
  readonly aliases: readonly Alias[];
}

export function serialize(program: Program): Uint8Array {
  const header: Header = {
    format: 'attune-program',
    version: 1,
    name: program.name,
    types: program.types,
    inputs: program.inputs,
    constants: program.constants.map(({ value }) => value),
    ops: program.ops.map(({ definition, attributes, inputs, outputs }) => ({
      name: definition.name,
      attributes,
      inputs,
      outputs,
    })),
    outputs: program.outputs,
    aliases: program.aliases,
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const payloads = program.constants.map(
    ({ tensor: { data } }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
  const bytes = new Uint8Array(4 + text.length + payloads.reduce((sum, payload) => sum + payload.length, 0));
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  let offset = 4 + text.length;
  for (const payload of payloads) {
    bytes.set(payload, offset);
    offset += payload.length;
  }
  return bytes;
}

/**
 * Reads what `serialize` wrote. @param composites the composites that the program may use
 * @throws AttuneError `E_PROGRAM` for bytes that are no valid program or use an unknown op.
 */
export function deserialize(bytes: Uint8Array, composites: readonly CompositeDefinition[] = []): Program {
  const definitions = new Map<string, OpDefinition>(
    [...Object.values(primitives), ...composites].map((d) => [d.name, d]),
  );
  const { header, start } = readHeader(bytes);
  let offset = start;
  try {
    return verify({
      name: header.name,
      types: header.types,
      inputs: header.inputs,
      constants: header.constants.map((value) => {
        const type = header.types[value]!;
        const length = byteLength(type);
        const data = new hostArrayOf[type.dtype](bytes.slice(offset, offset + length).buffer);
        offset += length;
        return { value, tensor: { type, data } };
      }),
      ops: header.ops.map(({ name, ...op }) => {
        const definition = definitions.get(name);
        if (!definition)
          throw new AttuneError('E_PROGRAM', `The program uses the unknown op "${name}".`, { field: name });
        return { definition, ...op };
      }),
      outputs: header.outputs,
      aliases: header.aliases,
    });
  } catch (cause) {
    if (cause instanceof AttuneError) throw cause;
    throw new AttuneError('E_PROGRAM', 'The bytes are not a valid program.', { cause });
  }
}

function readHeader(bytes: Uint8Array): { header: Header; start: number } {
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
    const header: Header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(4, 4 + length)));
    if (header.format === 'attune-program' && header.version === 1) return { header, start: 4 + length };
  } catch (cause) {
    throw new AttuneError('E_PROGRAM', 'The bytes are not a serialized program.', { cause });
  }
  throw new AttuneError('E_PROGRAM', 'The bytes are not a program of version 1.');
}
