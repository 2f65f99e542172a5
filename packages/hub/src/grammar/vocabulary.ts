/** The tokens of a tokenizer as a grammar reads them. */
import { AttuneError } from '@attune/ir';
import type { Storage } from '../storage.js';
import { type Definition, isRecord } from '../tokenization/definition.js';
import { idLimit, modelLimits, readModelConfiguration } from '../tokenization/model-limits.js';
import { readParts } from '../tokenization/parts.js';
import { readTokenizerFiles } from '../tokenization/tokenizer-files.js';
import type { Spelling } from './worker/messages.js';

export interface GrammarVocabulary {
  /** By their ids; empty for special ones and ids without a token, which stand in no text. */
  readonly tokens: readonly string[];
  readonly spelling: Spelling;
}

/** @throws AttuneError `E_MODEL_UNSUPPORTED` for tokens that do not spell bytes, and as `loadTokenizer` */
export async function grammarVocabulary(storage: Storage): Promise<GrammarVocabulary> {
  const model = await readModelConfiguration(storage);
  const { file, definition } = await readTokenizerFiles(storage, model);
  const limits = modelLimits(model, storage);
  const parts = readParts(definition, file, (entries) => idLimit(entries, limits));
  const tokens: string[] = [];
  for (const [token, id] of parts.model.tokens) tokens[id] = token;
  for (const { id, content, special } of parts.addedTokens) tokens[id] = special ? '' : content;
  return { tokens: Array.from(tokens, (token) => token ?? ''), spelling: spellingOf(definition, file) };
}

/** By the steps of the decoder. */
function spellingOf({ decoder }: Definition, file: string): Spelling {
  const types = stepTypes(decoder);
  if (types.includes('ByteLevel')) return 'byte_level';
  if (types.includes('Metaspace') || types.includes('ByteFallback')) return 'byte_fallback';
  const found = types.length > 0 ? types.join(', ') : 'none';
  throw new AttuneError(
    'E_MODEL_UNSUPPORTED',
    `${file}: its decoder is ${found}; a JSON schema needs tokens that spell bytes (ByteLevel, Metaspace or ByteFallback).`,
    { file, field: 'decoder', hint: 'Use a language model with such a tokenizer, or leave out the schema.' },
  );
}

function stepTypes(decoder: unknown): readonly string[] {
  if (!isRecord(decoder)) return [];
  const steps = Array.isArray(decoder.decoders) ? decoder.decoders.slice(0, 100).flatMap(stepTypes) : [];
  return typeof decoder.type === 'string' ? [decoder.type, ...steps] : steps;
}
