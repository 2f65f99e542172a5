/** What a teacher makes of texts, kept in files so that it is made once. */
import { hashName, type Predictor } from '@attune/core';
import { inMemory, openSafetensors, type Storage, type Tokenizer, writeSafetensors } from '@attune/hub';
import { AttuneError, hostTensor } from '@attune/ir';
import { encodeTexts } from './labelled-texts.js';
import type { RowVectors } from './row-field.js';
import { rows } from './text-examples.js';

export interface EmbedTextsOptions {
  readonly tokenizer: Tokenizer;
  /** Tokens that the teacher reads of each text. */
  readonly maxLength: number;
  /** The teacher's output, f32 [batch, width]; `normalized` by default. */
  readonly output?: string;
  /** Where files are kept: `embeddings-<number>.safetensors`. */
  readonly cache: Storage;
  /** Which teacher it is; files of another one are made anew. */
  readonly teacher: string;
  /** Texts per file; 4096 by default. What is not yet in a file when the work is interrupted is made again. */
  readonly textsPerFile?: number;
  readonly signal?: AbortSignal;
  /** Called after each file. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * A vector for each text, by a model that a `Predictor` has on a device. A file that is there and was made of the same
 * texts by the same teacher is read instead.
 * @throws AttuneError `E_DATA_EMPTY` without texts, what the tokenizer throws, `E_DISK`; the signal's reason
 */
export async function embedTexts(
  texts: readonly string[],
  predictor: Pick<Predictor, 'outputs'>,
  { textsPerFile = 4096, ...options }: EmbedTextsOptions,
): Promise<RowVectors> {
  const { onProgress, signal } = options;
  if (texts.length === 0) throw new AttuneError('E_DATA_EMPTY', 'There is no text to embed.', { field: 'texts' });
  let fingerprint = 0;
  let all: RowVectors | undefined;
  for (let start = 0; start < texts.length; start += textsPerFile) {
    signal?.throwIfAborted();
    const part = texts.slice(start, start + textsPerFile);
    const key = keyOf(part, options);
    const file = `embeddings-${String(start / textsPerFile).padStart(5, '0')}.safetensors`;
    const found = (await readPart(options.cache, file, key)) ?? (await makePart(part, predictor, options));
    if (found.isNew) await writePart(options.cache, file, key, found);
    all ??= { width: found.width, values: new Float32Array(texts.length * found.width), fingerprint: '' };
    all.values.set(found.values, start * found.width);
    fingerprint = hashName(`${fingerprint} ${key}`);
    onProgress?.(start + part.length, texts.length);
  }
  return { ...all!, fingerprint: fingerprint.toString(16) };
}

interface Part {
  readonly width: number;
  readonly values: Float32Array;
  readonly isNew: boolean;
}

const TENSOR = 'embeddings';

function keyOf(texts: readonly string[], { teacher, maxLength, output = 'normalized' }: EmbedTextsOptions): string {
  const hash = texts.reduce((sum, text) => Math.imul(sum ^ hashName(text), 0x9e3779b1) >>> 0, 0);
  return `${teacher} ${output} ${maxLength} ${texts.length} ${hash.toString(16)}`;
}

async function readPart(cache: Storage, file: string, key: string): Promise<Part | undefined> {
  if (!(await cache.exists(file))) return undefined;
  const source = await openSafetensors(cache, file);
  if (source.metadata.key !== key) return undefined;
  const { type, data } = await source.readFloat(TENSOR);
  return { width: type.shape[1]!, values: Float32Array.from(data), isNew: false };
}

async function makePart(
  texts: readonly string[],
  predictor: Pick<Predictor, 'outputs'>,
  { tokenizer, maxLength, output = 'normalized', signal }: EmbedTextsOptions,
): Promise<Part> {
  // Few lengths, the same ones for all files: each costs a compilation.
  const lengths = { maxLength, multipleOf: 32, ...(signal ? { signal } : {}) };
  const { dataset } = await encodeTexts(rows(texts.map((text) => ({ text }))), tokenizer, lengths);
  const found = await predictor.outputs(dataset, output, signal);
  const width = found[0]!.length;
  const values = new Float32Array(texts.length * width);
  for (const [index, row] of found.entries()) values.set(row, index * width);
  return { width, values, isNew: true };
}

const writePart = (cache: Storage, file: string, key: string, { width, values }: Part): Promise<void> =>
  writeSafetensors(cache, file, inMemory(new Map([[TENSOR, hostTensor([values.length / width, width], values)]])), {
    key,
  });
