/** GGUF files in model directories: in place of config.json and of model.safetensors. */
import { AttuneError } from '@attune/ir';
import type { ModelConfig } from '../model-directory.js';
import type { TensorSource } from '../safetensors/read.js';
import { label, type Storage } from '../storage.js';
import { architectureOfGguf, configOfGguf, ggufNumbers } from './config.js';
import type { GgufTensor } from './header.js';
import { asInTransformers, type GgufPlace, parameterOfGguf } from './names.js';
import { type GgufFile, openGguf } from './read.js';
import type { GgufTokenizer } from './tokenizer-of-gguf.js';

/** The directory's GGUF file; undefined without one. @throws AttuneError `E_CONFIG` for several */
export async function ggufFileIn(storage: Storage): Promise<string | undefined> {
  // A directory that is not there is told by who reads from it.
  const entries = await storage.list('').catch(() => []);
  const found = entries.flatMap(({ name, kind }) => (kind === 'file' && /\.gguf$/i.test(name) ? [name] : []));
  if (found.length < 2) return found[0];
  const list = found.slice(0, 10).join(', ');
  throw new AttuneError('E_CONFIG', `${storage.name} has ${found.length} GGUF files: ${list}.`, {
    file: storage.name,
    hint: 'Put the one that is wanted into a directory of its own.',
  });
}

/** The configuration of the directory's GGUF file; undefined without one. @throws AttuneError as `openGguf` and `configOfGguf` */
export async function ggufConfigIn(storage: Storage): Promise<ModelConfig | undefined> {
  const path = await ggufFileIn(storage);
  return path === undefined ? undefined : configOfGguf(await openGguf(storage, path));
}

/** What it says of the tokenizer; undefined without one. @throws AttuneError as `openGguf` and `tokenizerOfGguf` */
export async function ggufTokenizerIn(
  storage: Storage,
): Promise<(GgufTokenizer & { readonly file: string }) | undefined> {
  const path = await ggufFileIn(storage);
  if (path === undefined) return undefined;
  const { tokenizerOfGguf } = await import('./tokenizer-of-gguf.js');
  return { ...tokenizerOfGguf(await openGguf(storage, path)), file: label(storage, path) };
}

/** Its weights under the names of transformers; undefined without one. @throws AttuneError as `openGguf` */
export async function ggufWeightsIn(storage: Storage): Promise<TensorSource | undefined> {
  const path = await ggufFileIn(storage);
  return path === undefined ? undefined : transformersTensors(await openGguf(storage, path));
}

const plain = ['F32', 'F16', 'BF16'] as const;

/**
 * A file's tensors as transformers holds them: its names and order of rows, norms without what was added, GPT-2's matrices as
 * [in, out]. Tensors that no parameter is made of keep their names.
 * @throws AttuneError `E_MODEL_UNSUPPORTED`, `E_GGUF_METADATA`
 */
export function transformersTensors(file: GgufFile): TensorSource {
  const architecture = architectureOfGguf(file);
  const { number, optional } = ggufNumbers(file, architecture);
  const heads = number('attention.head_count');
  const shapes = { heads, keyHeads: optional('attention.head_count_kv') ?? heads };
  const places = new Map<string, GgufPlace>();
  for (const name of file.tensors.keys()) {
    if (/^rope_(?:freqs|factors_(?:short|long))\.weight$/.test(name)) continue;
    const [parameter, place] = parameterOfGguf(name, architecture, shapes) ?? [name, { name }];
    places.set(parameter, place);
  }
  const find = (name: string): readonly [GgufPlace, GgufTensor] => {
    const place = places.get(name);
    const tensor = place && file.tensors.get(place.name);
    if (place && tensor) return [place, tensor];
    throw new AttuneError('E_TENSOR_MISSING', `${file.name} has no tensor "${name}".`, {
      file: file.name,
      field: name,
    });
  };
  const readFloat = async (name: string) => {
    const [place] = find(name);
    return asInTransformers(await file.readFloat(place.name), place);
  };
  return {
    name: file.name,
    names: [...places.keys()],
    metadata: {},
    entry(name) {
      const [{ isTransposed }, { shape, type, start, end }] = find(name);
      return {
        shape: isTransposed ? shape.toReversed() : shape,
        dtype: plain.find((name) => name === type.name) ?? 'I8',
        isScaled: !plain.some((name) => name === type.name),
        packed: { type: type.name, bytes: end - start },
      };
    },
    readFloat,
    read: readFloat,
    async readBlocks(name) {
      const [place] = find(name);
      return asInTransformers(await file.readBlocks(place.name), { ...place, isTransposed: false });
    },
  };
}
