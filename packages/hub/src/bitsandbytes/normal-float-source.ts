/** Checkpoints that bitsandbytes and transformers write in NF4. */
import { AttuneError, dynamicMap, elementCount, type HostTensor, hostTensor, NF4_LEVELS, sameShape } from '@attune/ir';
import * as z from 'zod/mini';
import type { TensorSource } from '../safetensors/read.js';
import { fromNormalFloats, type NormalFloatBlocks, type NormalFloatParts } from './normal-floats.js';

/** A source whose NF4 weights look like tensors of their own shape. */
export interface NormalFloatSource extends TensorSource {
  /** The blocks of a weight in NF4; undefined for other tensors. */
  blocksOf(name: string): NormalFloatBlocks | undefined;
  /** A weight in NF4 as it is stored. @throws AttuneError `E_WEIGHTS_MISMATCH` */
  readParts(name: string): Promise<NormalFloatParts>;
}

const STATE = '.quant_state.bitsandbytes__';
const sides = ['.absmax', '.quant_map', '.nested_absmax', '.nested_quant_map'];

/** What bitsandbytes writes about a weight, as bytes of JSON. */
const stateSchema = z.object({
  quant_type: z.string(),
  blocksize: z.int().check(z.positive()),
  shape: z.array(z.int().check(z.nonnegative())).check(z.length(2)),
  nested_blocksize: z.optional(z.int().check(z.positive())),
  nested_offset: z.optional(z.number()),
});

type State = z.output<typeof stateSchema>;

/** Whether there is a weight in a format of bitsandbytes' 4 bits. */
export const hasFourBits = ({ names }: TensorSource): boolean => names.some((name) => name.includes(STATE));

/** @throws AttuneError `E_MODEL_UNSUPPORTED` for FP4, `E_WEIGHTS_MISMATCH` for parts that do not fit each other */
export async function openNormalFloats(source: TensorSource): Promise<NormalFloatSource> {
  const states = new Map<string, State>();
  const hidden = new Set<string>();
  for (const key of source.names.filter((name) => name.includes(STATE))) {
    const weight = key.slice(0, key.indexOf(STATE));
    states.set(weight, await readState(source, key));
    for (const name of [key, ...sides.map((side) => `${weight}${side}`)]) hidden.add(name);
  }
  const blocksOf = (name: string): NormalFloatBlocks | undefined => {
    const state = states.get(name);
    return state && blocks(state);
  };
  const readParts = async (name: string): Promise<NormalFloatParts> => {
    const state = states.get(name);
    if (!state) throw misfit(source, name, 'it is not in NF4');
    return readAll(source, name, state);
  };
  const readFloat = async (name: string): Promise<HostTensor> => {
    const state = states.get(name);
    return state ? fromNormalFloats(await readParts(name), state.shape, blocks(state)) : source.readFloat(name);
  };
  return {
    ...source,
    names: source.names.filter((name) => !hidden.has(name)),
    entry(name) {
      const state = states.get(name);
      return state ? { shape: state.shape, dtype: 'U8', isScaled: true } : source.entry(name);
    },
    read: (name) => (states.has(name) ? readFloat(name) : source.read(name)),
    readFloat,
    blocksOf,
    readParts,
  };
}

const blocks = ({ blocksize, nested_blocksize: nested }: State): NormalFloatBlocks => ({
  block: blocksize,
  ...(nested === undefined ? {} : { nestedBlock: nested }),
});

async function readState(source: TensorSource, key: string): Promise<State> {
  const kind = key.slice(key.indexOf(STATE) + STATE.length);
  const { data } = await source.read(key);
  const parsed = stateSchema.safeParse(tryJson(new TextDecoder().decode(Uint8Array.from(data))));
  const type = parsed.success ? parsed.data.quant_type : kind;
  if (kind !== 'nf4' || type !== 'nf4') {
    throw new AttuneError('E_MODEL_UNSUPPORTED', `${source.name}: ${key} is of ${type}; of 4 bits Attune reads nf4.`, {
      file: source.name,
      field: key,
    });
  }
  if (!parsed.success) throw misfit(source, key, 'it is not the JSON that bitsandbytes writes');
  const { nested_blocksize: nested, nested_offset: offset } = parsed.data;
  if ((nested === undefined) !== (offset === undefined)) {
    throw misfit(source, key, 'of nested_blocksize and nested_offset it has only one');
  }
  return parsed.data;
}

async function readAll(source: TensorSource, weight: string, state: State): Promise<NormalFloatParts> {
  const { shape, blocksize, nested_blocksize: nested, nested_offset: offset } = state;
  const count = Math.ceil(elementCount(shape) / blocksize);
  const part = async (suffix: string, size: number, dtype: 'f32' | 'u8') => {
    const name = `${weight}${suffix}`;
    const tensor = dtype === 'f32' ? await source.readFloat(name) : await source.read(name);
    if (tensor.type.dtype !== dtype || tensor.data.length !== size) {
      const { type } = tensor;
      throw misfit(source, name, `it is ${type.dtype} [${type.shape}], expected ${dtype} of ${size}`);
    }
    const bad = dtype === 'f32' && tensor.data.findIndex((value) => !Number.isFinite(value)) >= 0;
    if (bad)
      throw new AttuneError('E_NONFINITE', `${source.name}: "${name}" holds NaN or infinity.`, {
        file: source.name,
        field: name,
      });
    return hostTensor([size], tensor.data, dtype);
  };
  await requireTable(source, `${weight}.quant_map`, NF4_LEVELS);
  const parts = new Map([['', await part('', Math.ceil(elementCount(shape) / 2), 'u8')]]);
  if (nested === undefined || offset === undefined) return parts.set('.absmax', await part('.absmax', count, 'f32'));
  await requireTable(source, `${weight}.nested_quant_map`, dynamicMap());
  return parts
    .set('.absmax', await part('.absmax', count, 'u8'))
    .set('.nested_absmax', await part('.nested_absmax', Math.ceil(count / nested), 'f32'))
    .set('.nested_offset', hostTensor([1], [offset]));
}

/** What codes stand for is a constant here. */
async function requireTable(source: TensorSource, name: string, want: ArrayLike<number>): Promise<void> {
  const { type, data } = await source.readFloat(name);
  const isSame =
    sameShape(type.shape, [want.length]) && data.every((value, index) => Math.abs(value - want[index]!) < 1e-6);
  if (!isSame) throw misfit(source, name, 'it is another table than the one of bitsandbytes');
}

const misfit = ({ name: file }: TensorSource, field: string, problem: string): AttuneError =>
  new AttuneError('E_WEIGHTS_MISMATCH', `${file}: "${field}" cannot be read: ${problem}.`, { file, field });

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
