/** The header of a safetensors file: a length, a JSON object, and the rules that every file must meet. */
import { AttuneError } from '@attune/ir';
import { jsonFault } from '../json-faults.js';

/** Dtypes of the format, with their bytes per element. */
export const safetensorsBytes = {
  BOOL: 1,
  F4: 0.5,
  F6_E2M3: 0.75,
  F6_E3M2: 0.75,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  F8_E8M0: 1,
  F8_E4M3FNUZ: 1,
  F8_E5M2FNUZ: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  C64: 8,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

export type SafetensorsDType = keyof typeof safetensorsBytes;

/** One tensor of a file. Offsets count from the end of the header. */
export interface TensorEntry {
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Where the data begins in the file. */
  readonly dataStart: number;
}

/** The metadata that names the tensors in Attune's int8 (int8.ts). */
export const INT8_ROWS = 'attune_int8_rows';

/** The format's own limit of 100 MB. */
const MAX_HEADER_BYTES = 100_000_000;

/** The length of the JSON text, from the first 8 bytes. @throws AttuneError `E_SAFETENSORS_HEADER` */
export function headerLength(prefix: Uint8Array, fileSize: number, file: string): number {
  const fail = (problem: string): never => {
    throw new AttuneError('E_SAFETENSORS_HEADER', `${file} ${problem}.`, { file, field: 'header' });
  };
  if (fileSize < 8 || prefix.length < 8) return fail(`has ${fileSize} bytes, too few for a safetensors file`);
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (length < 2n) return fail(`claims a header of ${length} bytes, at least 2 are needed (the file has ${fileSize})`);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    return fail(`claims a header of ${length} bytes, the limit is ${MAX_HEADER_BYTES} (the file has ${fileSize})`);
  }
  if (length > BigInt(fileSize - 8)) return fail(`claims a header of ${length} bytes, the file has ${fileSize}`);
  return Number(length);
}

/** Parses and checks a header. @throws AttuneError `E_SAFETENSORS_JSON`, `E_SAFETENSORS_LAYOUT` */
export function parseHeader(bytes: Uint8Array, fileSize: number, file: string): SafetensorsHeader {
  const { metadata, entries } = parseEntries(bytes, file);
  const dataStart = 8 + bytes.length;
  checkLayout(entries, fileSize - dataStart, file);
  return { metadata, tensors: entries, dataStart };
}

/** As deep as the format's own library reads. */
const MAX_DEPTH = 127;

/** `2.0`, `2e0` and `-0` are no sizes, though JSON.parse makes them 2 and 0. */
function sizeProblem(literal: string, [tensor, field, ...rest]: readonly (string | undefined)[]): string | undefined {
  const isSize = rest.length === 1 && (field === 'shape' || field === 'data_offsets');
  if (!isSize || /^\d+$/.test(literal)) return undefined;
  return `gives tensor "${tensor}" the size ${literal}`;
}

function parseEntries(bytes: Uint8Array, file: string) {
  const fail = (problem: string, field?: string): never => {
    throw new AttuneError('E_SAFETENSORS_JSON', `The header of ${file} ${problem}.`, {
      file,
      ...(field === undefined ? {} : { field }),
    });
  };
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail('is not valid UTF-8');
  }
  const fault = jsonFault(text, { maxDepth: MAX_DEPTH, numberProblem: sizeProblem });
  if (fault) fail(fault.problem, fault.field);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return fail(`is not valid JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (!isObject(parsed)) return fail('is not an object');
  const entries = new Map<string, TensorEntry>();
  const metadata: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(parsed)) {
    if (name !== '__metadata__') {
      entries.set(name, parseEntry(name, value, file, fail));
      continue;
    }
    if (value === null) continue;
    if (!isObject(value)) return fail('has a __metadata__ that is no object', name);
    for (const [key, text] of Object.entries(value)) {
      if (typeof text !== 'string') return fail(`has metadata "${key}" that is no text`, name);
      metadata[key] = text;
    }
  }
  return { metadata, entries };
}

/** Fields of an entry that the format does not know are left alone. */
function parseEntry(
  name: string,
  value: unknown,
  file: string,
  fail: (problem: string, field: string) => never,
): TensorEntry {
  if (!isObject(value)) return fail(`has no object for tensor "${name}"`, name);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string') return fail(`gives tensor "${name}" no dtype`, name);
  if (!isSizes(shape)) return fail(`gives tensor "${name}" a shape that is no list of sizes`, name);
  if (!isSizes(offsets) || offsets.length !== 2)
    return fail(`gives tensor "${name}" offsets that are no pair of positions`, name);
  if (!isDType(dtype)) {
    const problem = `${file}: tensor "${name}" has the unknown dtype "${dtype}".`;
    throw new AttuneError('E_SAFETENSORS_LAYOUT', problem, { file, field: name });
  }
  return { dtype, shape, start: offsets[0]!, end: offsets[1]! };
}

/** Tensors lie one behind the other, without holes or overlaps, and fill the file. */
function checkLayout(entries: ReadonlyMap<string, TensorEntry>, dataBytes: number, file: string): void {
  const fail = (name: string, problem: string) => {
    throw new AttuneError('E_SAFETENSORS_LAYOUT', `${file}: tensor "${name}" ${problem}.`, { file, field: name });
  };
  let position = 0;
  let previous = '';
  const ordered = [...entries].sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  for (const [name, { dtype, shape, start, end }] of ordered) {
    const bits = bitsOf(dtype, shape);
    if (end < start) fail(name, `ends at ${end}, before it starts at ${start}`);
    if (bits === undefined) fail(name, `has the shape [${shape}], which is too large`);
    const expected = Number(bits) / 8;
    if (end - start !== expected) fail(name, `takes ${end - start} bytes, ${dtype} [${shape}] needs ${expected}`);
    if (end > dataBytes) fail(name, `ends at ${end}, the file has ${dataBytes} bytes of data (truncated?)`);
    if (start < position) fail(name, `starts at ${start} and overlaps tensor "${previous}", which ends at ${position}`);
    if (start > position) fail(name, `starts at ${start}, leaving a hole behind ${position}`);
    [position, previous] = [end, name];
  }
  if (position !== dataBytes) {
    throw new AttuneError(
      'E_SAFETENSORS_LAYOUT',
      `${file} has ${dataBytes} bytes of data, its tensors cover ${position}.`,
      {
        file,
        field: previous,
      },
    );
  }
}

/** The size of a tensor; undefined where it, or a product of its sizes from the left, does not fit 64 bits. */
function bitsOf(dtype: SafetensorsDType, shape: readonly number[]): bigint | undefined {
  let bits = 1n;
  for (const size of [...shape, safetensorsBytes[dtype] * 8]) {
    bits *= BigInt(size);
    if (bits >= 2n ** 64n) return undefined;
  }
  return bits;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isDType = (name: string): name is SafetensorsDType => Object.hasOwn(safetensorsBytes, name);

const isSizes = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
