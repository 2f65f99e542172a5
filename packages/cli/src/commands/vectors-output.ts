/** Where word vectors are written: a file in a format of other tools, or a model directory. */
import { extname, resolve } from 'node:path';
import { type WordVectorFormat, type WordVectors, writeWordVectors } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { saveWordVectorModel } from '@attune/models';
import { z } from 'zod';
import { flag, text } from '../common-options.js';
import type { Settings } from '../options.js';
import { createOutputFile } from './output-file.js';
import { requireDirectoryPlace, requireFilePlace } from './output-place.js';

const formats = ['word2vec', 'word2vec-binary', 'glove'] as const satisfies readonly WordVectorFormat[];

export const vectorOutputOptions = {
  // A config file has the directory of training, and another format, under these names.
  output: {
    ...text(z.string().optional(), 'what to write: a file ending in .txt, .vec or .bin, else a model directory'),
    isFlagOnly: true,
  },
  format: {
    ...text(z.enum(formats).optional(), 'of the file; binary for .bin, else word2vec (also fastText) text by default'),
    isFlagOnly: true,
  },
  overwrite: flag(z.boolean().default(false), 'replaces a file ending in .txt, .vec or .bin'),
} as const;

type OutputSettings = Pick<Settings<typeof vectorOutputOptions>, 'format' | 'overwrite'>;

const extensions = ['.txt', '.vec', '.bin'];

const isFile = (path: string): boolean => extensions.includes(extname(path).toLowerCase());

/** @throws AttuneError `E_OUTPUT_EXISTS`, `E_DISK` */
export function requireVectorPlace(path: string, { overwrite }: OutputSettings): Promise<void> {
  if (!isFile(path)) return requireDirectoryPlace(path);
  return requireFilePlace(path, { isOwn: async () => false, overwrite, extensions });
}

/** @throws AttuneError `E_WORD_VECTORS`, `E_LOCKED`, `E_DISK` */
export async function saveVectors(path: string, { format }: OutputSettings, vectors: WordVectors): Promise<void> {
  if (!isFile(path)) return saveWordVectorModel(nodeStorage(resolve(path)), vectors);
  const writer = await createOutputFile(path);
  try {
    const byName = extname(path).toLowerCase() === '.bin' ? 'word2vec-binary' : 'word2vec';
    await writeWordVectors(writer, vectors, format ?? byName);
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await writer.close();
}
