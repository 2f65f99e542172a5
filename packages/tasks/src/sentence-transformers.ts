/** The files by which sentence-transformers knows how a model makes one vector of a text. */
import { firstToken, type Values } from '@attune/core';
import { readJson, type Storage, writeJson } from '@attune/hub';
import { AttuneError, type Value } from '@attune/ir';
import * as z from 'zod/mini';

export const poolings = ['mean', 'cls'] as const;
export type Pooling = (typeof poolings)[number];

/** The vectors [batch, width] among the outputs of feature extraction; undefined if the model does not have them. */
export const pooledBy = (pooling: Pooling, { lastHiddenState, meanPooled }: Values): Value | undefined =>
  pooling === 'mean' ? meanPooled : lastHiddenState && firstToken(lastHiddenState);

const POOLING_FILE = '1_Pooling/config.json';
const flag = z._default(z.boolean(), false);
const poolingSchema = z.looseObject({ pooling_mode_cls_token: flag, pooling_mode_mean_tokens: flag });

export async function poolingOf(directory: Storage): Promise<Pooling> {
  if (!(await directory.exists(POOLING_FILE))) return 'mean';
  const parsed = poolingSchema.safeParse(await readJson(directory, POOLING_FILE));
  const isCls = parsed.data?.pooling_mode_cls_token ?? false;
  const isMean = parsed.data?.pooling_mode_mean_tokens ?? false;
  if (isCls !== isMean) return isCls ? 'cls' : 'mean';
  throw new AttuneError(
    'E_MODEL_UNSUPPORTED',
    `${directory.name}/${POOLING_FILE} asks for another pooling than mean or cls.`,
    {
      file: `${directory.name}/${POOLING_FILE}`,
      field: 'pooling_mode',
      hint: 'Choose one with --pooling mean or --pooling cls.',
    },
  );
}

const LENGTH_FILE = 'sentence_bert_config.json';
const lengthSchema = z.looseObject({ max_seq_length: z.int().check(z.positive()) });

export const hasPooling = (directory: Storage): Promise<boolean> => directory.exists(POOLING_FILE);

/** Tokens that sentence-transformers keeps of a text; undefined if no file says it. */
export async function sentenceLength(directory: Storage): Promise<number | undefined> {
  if (!(await directory.exists(LENGTH_FILE))) return undefined;
  return lengthSchema.safeParse(await readJson(directory, LENGTH_FILE)).data?.max_seq_length;
}

export interface SentenceFiles {
  readonly pooling: Pooling;
  /** Of the vectors. */
  readonly width: number;
  readonly maxLength: number;
}

/** Writes beside a model or an adapter what sentence-transformers loads it by. @throws AttuneError `E_DISK` */
export async function writeSentenceFiles(target: Storage, { pooling, width, maxLength }: SentenceFiles): Promise<void> {
  const modules = [
    { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
    { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
  ];
  await writeJson(target, 'modules.json', modules);
  await writeJson(target, POOLING_FILE, {
    word_embedding_dimension: width,
    pooling_mode_cls_token: pooling === 'cls',
    pooling_mode_mean_tokens: pooling === 'mean',
  });
  await writeJson(target, LENGTH_FILE, { max_seq_length: maxLength, do_lower_case: false });
}

/** Writes to another directory the files that one has. */
export async function copySentenceFiles(source: Storage, target: Storage): Promise<void> {
  for (const file of ['modules.json', POOLING_FILE, LENGTH_FILE]) {
    if (await source.exists(file)) await writeJson(target, file, await readJson(source, file));
  }
}
