/** Causal language modelling: texts become rows of tokens that are their own labels. */
import type { Tokenizer } from '@attune/hub';
import { type EncodedDataset, type EncodeOptions, encodeExamples } from './encode-examples.js';
import type { TextDataset } from './text-examples.js';
import { tokenLabels } from './tokenized.js';

export interface CausalLanguageModelingOptions extends EncodeOptions {
  /** The token that ends a text, and is learned as such; the tokenizer's own by default, none if it has none. */
  readonly endTokenId?: number | undefined;
}

/**
 * Texts in rows of at most `maxLength` tokens; a longer text goes on in the next row. Each ends with the end token. `labels`
 * i32 [batch, tokens] are the tokens; those that fill up a row are ignored.
 */
export async function encodeCausalLanguageModeling(
  texts: TextDataset,
  tokenizer: Pick<Tokenizer, 'encode' | 'endTokenId' | 'padTokenId'>,
  { endTokenId = tokenizer.endTokenId, ...options }: CausalLanguageModelingOptions,
): Promise<EncodedDataset> {
  const { maxLength, signal } = options;
  return encodeExamples(
    {
      name: texts.name,
      padTokenId: tokenizer.padTokenId,
      skippedRows: (await texts.skipped()).length,
      labelFields: [tokenLabels],
      items: await texts.toArray(),
      settings: JSON.stringify({ endTokenId }),
      async encode(chunk) {
        const encodings = await tokenizer.encode(
          chunk.map(({ text }) => text),
          signal ? { signal } : {},
        );
        return encodings.flatMap(({ ids }, index) => {
          const ended = endTokenId === undefined || ids.at(-1) === endTokenId ? ids : [...ids, endTokenId];
          return pieces(ended, maxLength).map((piece) => ({
            ids: piece,
            typeIds: piece.map(() => 0),
            truncated: false,
            labels: { labels: piece },
            row: chunk[index]!.row,
          }));
        });
      },
    },
    options,
  );
}

/** A row of one token has nothing to learn: the first token of a row is no target. */
function pieces(ids: readonly number[], length: number): readonly (readonly number[])[] {
  const count = Math.ceil(ids.length / length);
  return Array.from({ length: count }, (_, index) => ids.slice(index * length, (index + 1) * length)).filter(
    (piece) => piece.length > 1,
  );
}
