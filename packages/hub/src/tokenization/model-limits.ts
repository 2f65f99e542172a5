/** What a model can take of its tokenizer, by config.json. */
import { readJson } from '../json-file.js';
import { label, type Storage } from '../storage.js';
import { type Definition, type IdLimit, isRecord } from './definition.js';

export interface ModelLimits {
  /** Ids that its embeddings have. */
  readonly vocabularySize?: number;
  readonly typeVocabularySize?: number;
  /** The longest row of tokens. */
  readonly maxPositions?: number;
  /** Where that stands. */
  readonly file?: string;
}

/** config.json; empty without one. @throws AttuneError `E_FILE_JSON` */
export async function readModelConfiguration(storage: Storage): Promise<Definition> {
  if (!(await storage.exists('config.json'))) return {};
  const config = await readJson(storage, 'config.json');
  return isRecord(config) ? config : {};
}

export const modelLimits = (config: Definition, storage: Storage): ModelLimits => ({
  file: label(storage, 'config.json'),
  ...numberOf('vocabularySize', config.vocab_size),
  ...numberOf('typeVocabularySize', config.type_vocab_size),
  ...numberOf('maxPositions', config.max_position_embeddings),
});

const numberOf = (name: keyof ModelLimits, value: unknown): ModelLimits =>
  typeof value === 'number' ? { [name]: value } : {};

/** Real vocabularies have hardly any holes. */
const idsPerEntry = 16;
const idsOfAny = 65_536;

/** Ids of a vocabulary with so many entries. */
export function idLimit(entries: number, { vocabularySize, file }: ModelLimits): IdLimit {
  if (vocabularySize === undefined) {
    const below = idsPerEntry * entries + idsOfAny;
    return { below, reason: `ids of ${entries} tokens are below ${below}` };
  }
  return {
    below: vocabularySize,
    reason: `the model's vocab_size is ${vocabularySize}`,
    ...(file === undefined ? {} : { hint: `Use the tokenizer that belongs to ${file}.` }),
  };
}

export function typeIdLimit({ typeVocabularySize = 256 }: ModelLimits): IdLimit {
  return { below: typeVocabularySize, reason: `type ids are whole numbers below ${typeVocabularySize}` };
}
