/** Writes language models as GGUF files, for llama.cpp and Ollama. */

import { VERSION } from '@attune/core';
import {
  asInGguf,
  type FileMaker,
  GGUF_MARK,
  type GgufDType,
  type GgufField,
  type GgufPlace,
  type GgufTensorToWrite,
  ggufLayout,
  ggufModelOf,
  placeInGguf,
  readTemplateFile,
  readTokenizerFiles,
  tokenizerFields,
  writeGguf,
} from '@attune/hub/internal';
import { AttuneError, type HostTensor, hostTensor } from '@attune/ir';
import type { LoadedModel } from './loaded-model.js';
import { storedWeights } from './save.js';

export interface SaveGgufOptions {
  /**
   * How matrices are stored, `f16` by default: `f32`, or blocks of 32 numbers of 8 bits (`q8_0`) or 4 bits (`q4_0`) with a
   * scale. In `q4_0` embeddings have 8 bits. Vectors are f32; matrices whose rows are not whole blocks are f16.
   */
  readonly dtype?: GgufDType;
}

/** What llama.cpp calls the types of whole files. */
const fileTypes: Readonly<Record<GgufDType, number>> = { f32: 0, f16: 1, q4_0: 2, q8_0: 7 };

/**
 * Writes a language model with its tokenizer and chat template into one file.
 * @param weights one tensor per parameter of the model; an adapter is merged before
 * @throws AttuneError `E_MODEL_UNSUPPORTED` for a model that llama.cpp computes otherwise, `E_TOKENIZER` for a tokenizer that it
 * does not have, `E_NONFINITE`, `E_WEIGHTS_MISMATCH`, `E_DISK`
 */
export async function saveGguf(
  target: FileMaker,
  path: string,
  loaded: LoadedModel,
  weights: ReadonlyMap<string, HostTensor> = loaded.weights,
  { dtype = 'f16' }: SaveGgufOptions = {},
): Promise<void> {
  const { model, source } = loaded;
  const file = `config.json of ${source.name}`;
  const { fields, ropeFactors, ...shape } = ggufModelOf(model.config, file);
  const placed = [...storedWeights(model, weights)].map(([name, tensor]) => {
    const place = placeInGguf(name, shape.architecture, shape);
    if (place) return tensorToWrite(place, tensor, dtype);
    throw new AttuneError('E_MODEL_UNSUPPORTED', `A GGUF file of ${shape.architecture} has no place for ${name}.`, {
      field: name,
      hint: 'Only language models can be written as GGUF.',
    });
  });
  const factors = ropeFactors && hostTensor([ropeFactors.length], ropeFactors);
  const tokenizer = await readTokenizerFiles(source, model.config);
  const template = (await readTemplateFile(source))?.templates.get('default');
  const metadata = new Map<string, GgufField>([
    [GGUF_MARK, { type: 'text', value: VERSION }],
    ...fields,
    ['general.type', { type: 'text', value: 'model' }],
    ['general.file_type', { type: 'u32', value: fileTypes[dtype] }],
    ['general.quantization_version', { type: 'u32', value: 2 }],
    ...tokenizerFields(tokenizer, Number(model.config.vocab_size), template),
  ]);
  const scaling = factors ? [tensorToWrite({ name: 'rope_freqs.weight' }, factors, 'f32')] : [];
  await writeGguf(target, path, metadata, [...scaling, ...placed]);
}

function tensorToWrite(place: GgufPlace, tensor: HostTensor, wanted: GgufDType): GgufTensorToWrite {
  const shape = place.isTransposed ? tensor.type.shape.toReversed() : tensor.type.shape;
  return { name: place.name, shape, dtype: dtypeOf(place.name, shape, wanted), load: () => asInGguf(tensor, place) };
}

function dtypeOf(name: string, shape: readonly number[], wanted: GgufDType): GgufDType {
  if (shape.length < 2 || name === 'position_embd.weight') return 'f32';
  const dtype = wanted === 'q4_0' && (name === 'token_embd.weight' || name === 'output.weight') ? 'q8_0' : wanted;
  return shape.at(-1)! % ggufLayout(dtype).block === 0 ? dtype : 'f16';
}
