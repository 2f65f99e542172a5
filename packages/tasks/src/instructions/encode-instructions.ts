/** Instruction data as rows of tokens, whose labels are what is learned of them. */
import { IGNORED_LABEL } from '@attune/core';
import {
  type EncodedDataset,
  type EncodedExample,
  type EncodingOptions,
  type InstructionDataset,
  type InstructionExample,
  inChunks,
  truncationWarnings,
} from '@attune/data';
import { packRows, positionIds, skippedWarnings, tokenizedDataset, tokenLabels, tokensIn } from '@attune/data/internal';
import type { ChatTemplate, Tokenizer } from '@attune/hub';
import { tokenPieces } from '../token-pieces.js';
import type { WrittenText } from './answer-places.js';
import { keptTokens } from './kept-tokens.js';
import { type LearnedParts, writeExamples } from './written-text.js';

export interface InstructionEncoding extends EncodingOptions, Partial<LearnedParts> {
  /** What writes conversations; asked for when the first one is met. @throws AttuneError `E_TEMPLATE` */
  readonly template: () => Promise<ChatTemplate>;
  /** Whether rows hold several texts, each of which sees itself only; false by default. */
  readonly packing?: boolean | undefined;
}

type InstructionTokenizer = Pick<Tokenizer, 'encode' | 'endTokenId' | 'padTokenId'>;

/**
 * Conversations, completions and texts in rows of at most `maxLength` tokens. `labels` i32 [batch, tokens] are the tokens that
 * are learned; the others, and what fills up a row, are ignored. The end of a text is learned even if it is the padding token
 * too. A row that is too long keeps its answer; rows of which nothing would be learned are bad rows.
 * @throws AttuneError `E_DATA_ROWS`, `E_DATA_EMPTY`, `E_TEMPLATE` without a template for conversations
 */
export async function encodeInstructions(
  data: InstructionDataset,
  tokenizer: InstructionTokenizer,
  { template, assistantOnlyLoss = false, completionOnlyLoss = true, packing = false, ...options }: InstructionEncoding,
): Promise<EncodedDataset> {
  const { maxLength, signal, onProgress, ...buckets } = options;
  const { problems } = await data.furtherProblems();
  const parts = { assistantOnlyLoss, completionOnlyLoss };
  const rows = await inChunks(
    await data.toArray(),
    async (chunk) => {
      const written = await writeExamples(chunk, template, parts, signal);
      const encoded = await encodeWritten(chunk, written, tokenizer, { maxLength, signal });
      return encoded.filter((row) => {
        if ('problem' in row) problems.add({ line: row.row, problem: row.problem });
        return !('problem' in row);
      });
    },
    { signal, onProgress },
  );
  problems.throwIfAny();
  const examples = rows.flatMap((row) => ('problem' in row ? [] : [row]));
  const skippedRows = (await data.skipped()).length + problems.count;
  const { name } = data;
  const { padTokenId } = tokenizer;
  const tokenized = { ...buckets, name, padTokenId, maxLength, skippedRows };
  const packed = packing ? packRows(examples, maxLength) : examples;
  const labelFields = packing ? [tokenLabels, positionIds] : [tokenLabels];
  return {
    dataset: tokenizedDataset(packed, { ...tokenized, labelFields }),
    examples: packed,
    warnings: [...truncationWarnings(examples, `rows of ${name}`, maxLength), ...skippedWarnings(skippedRows, name)],
  };
}

interface Fault {
  readonly row: number;
  readonly problem: string;
}

async function encodeWritten(
  examples: readonly InstructionExample[],
  written: readonly WrittenText[],
  tokenizer: InstructionTokenizer,
  { maxLength, signal }: { readonly maxLength: number; readonly signal: AbortSignal | undefined },
): Promise<readonly (EncodedExample | Fault)[]> {
  // Templates write special tokens themselves; other texts get those of the tokenizer, and an end.
  const byKind = async (addSpecialTokens: boolean) => {
    const texts = written.map((made, index) =>
      'text' in made && (examples[index]?.kind !== 'conversation') === addSpecialTokens ? made.text : '',
    );
    return tokenizer.encode(texts, { addSpecialTokens, ...(signal ? { signal } : {}) });
  };
  const [bare, framed] = [await byKind(false), await byKind(true)];
  return written.flatMap((made, index): readonly (EncodedExample | Fault)[] => {
    const example = examples[index];
    if (!example) return [];
    const { kind, row } = example;
    if ('problem' in made) return [{ row, problem: made.problem }];
    const encoding = (kind === 'conversation' ? bare : framed)[index];
    if (!encoding) return [];
    const { endTokenId } = tokenizer;
    const isOpen = kind !== 'conversation' && endTokenId !== undefined && encoding.ids.at(-1) !== endTokenId;
    const ids = isOpen ? [...encoding.ids, endTokenId] : encoding.ids;
    if (kind === 'text') return tokenPieces(ids, maxLength).map((piece) => exampleOf(piece, piece, row, false));
    const inside = made.places ? tokensIn(encoding, made.places) : ids.map(() => true);
    const learned = ids.map((_, token) => inside[token] ?? true);
    // The first token of a row is no target.
    if (!learned.includes(true, 1)) return [{ row, problem: 'has nothing to learn' }];
    const [start, end] = keptTokens(learned, maxLength);
    const labels = ids.map((id, token) => (learned[token] ? id : IGNORED_LABEL));
    return [exampleOf(ids.slice(start, end), labels.slice(start, end), row, end - start < ids.length)];
  });
}

const exampleOf = (
  ids: readonly number[],
  labels: readonly number[],
  row: number,
  truncated: boolean,
): EncodedExample => ({ ids, typeIds: ids.map(() => 0), labels: { labels }, row, truncated });
