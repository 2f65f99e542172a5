/** Token classification: tagged sentences become tokenized data sets, labelled as transformers' run_ner does. */
import { IGNORED_LABEL } from '@attune/core';
import type { Tokenizer } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import type { TaggedDataset, TaggedExample } from './conll.js';
import { type EncodedDataset, type EncodeOptions, encodeExamples } from './encode-examples.js';
import type { LabelMap } from './label-map.js';
import { type LabelledRows, labelRows } from './labelled-rows.js';
import { tokenLabels } from './tokenized.js';

export interface TokenClassificationOptions extends EncodeOptions {
  /** Labels all pieces of a word with its tag; by default the first only, and the others count for nothing. */
  readonly labelAllTokens?: boolean;
}

/**
 * Sentences with one label per piece; special tokens have the ignored label. Words are joined by spaces.
 * @throws AttuneError `E_DATA_LABELS` that lists the sentences with unknown tags, unless bad rows are skipped, and what the tokenizer throws
 */
export async function encodeTokenClassification(
  sentences: TaggedDataset,
  tokenizer: Tokenizer,
  labels: LabelMap,
  { labelAllTokens = false, ...options }: TokenClassificationOptions,
): Promise<EncodedDataset> {
  const { maxLength, signal } = options;
  return encodeExamples(
    {
      name: sentences.name,
      padTokenId: tokenizer.padTokenId,
      labelFields: [tokenLabels],
      ...(await labelSentences(sentences, labels)),
      what: 'sentences',
      async encode(chunk) {
        const texts = chunk.map(({ example }) => example.tokens.join(' '));
        const encodings = await tokenizer.encode(texts, { truncation: true, maxLength, ...(signal ? { signal } : {}) });
        return encodings.map(({ ids, typeIds, truncated, offsets, sequenceIds }, index) => {
          const { example, labels: tagIds } = chunk[index]!;
          const words = wordsAt(example.tokens);
          let previous = -1;
          const pieceLabels = ids.map((_, piece) => {
            if (sequenceIds[piece] === null) return IGNORED_LABEL;
            const word = words[offsets[piece]![0]]!;
            const isFirst = word !== previous;
            previous = word;
            return isFirst || labelAllTokens ? tagIds[word]! : IGNORED_LABEL;
          });
          return { ids, typeIds, truncated, labels: { labels: pieceLabels }, row: example.row };
        });
      },
    },
    options,
  );
}

/**
 * The ids of the tags.
 * @throws AttuneError `E_DATA_LABELS` for a model whose tags do not mark entities, and with the sentences whose tags it
 * does not know, unless they are skipped
 */
export function labelSentences(
  sentences: TaggedDataset,
  labels: LabelMap,
): Promise<LabelledRows<TaggedExample, readonly number[]>> {
  requireEntityTags(sentences.name, labels.names);
  return labelRows(sentences, ({ tags }) => labels.ids(tags));
}

/** The schemes that entities are scored by: BIO, IOE, IOBES and BILOU; of other tags F1 would mean nothing. */
function requireEntityTags(file: string, names: readonly string[]): void {
  const others = names.filter((name) => !/^(?:O|[BIESLU](?:-.*)?)$/s.test(name));
  const [first] = others;
  if (first === undefined) return;
  const shown = others.slice(0, 5).map((each) => `"${each.slice(0, 40)}"`);
  const areNumbers = others.every((name) => /^\d+$/.test(name));
  throw new AttuneError(
    'E_DATA_LABELS',
    `${file} has the tags ${shown.join(', ')}${others.length > 5 ? ' …' : ''}, which ${areNumbers ? 'are numbers without names' : 'mark no entities: tags are O, or B-, I-, E-, S-, L- or U- and a type'}.`,
    {
      file,
      field: first,
      hint: areNumbers
        ? "Name the tags in the order of their numbers: --labels O,B-PER,I-PER, in code labels: ['O', 'B-PER', 'I-PER']."
        : 'Write the tags as B-TYPE, I-TYPE and O.',
    },
  );
}

/** The word at each character of the joined sentence; a space belongs to the word behind it. */
function wordsAt(tokens: readonly string[]): readonly number[] {
  return tokens.flatMap((token, word) => new Array<number>(token.length + (word > 0 ? 1 : 0)).fill(word));
}
