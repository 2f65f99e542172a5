import { type EncodedDataset, encodeClassification, LabelMap, type TextDataset, textFile } from '@attune/data';
import type { Tokenizer } from '@attune/hub';

export interface DataSettings {
  readonly textColumn: string;
  readonly textPairColumn?: string | undefined;
  readonly labelColumn: string;
  readonly delimiter?: string | undefined;
  readonly noHeader: boolean;
  readonly onBadRow: 'error' | 'skip';
}

/** The texts of a file; without labels where `labelled` is false. */
export function openTexts(file: string, settings: DataSettings, labelled = true): TextDataset {
  const { textColumn, textPairColumn, labelColumn, delimiter, noHeader, onBadRow } = settings;
  return textFile(
    file,
    {
      text: textColumn,
      ...(textPairColumn === undefined ? {} : { textPair: textPairColumn }),
      ...(labelled ? { label: labelColumn } : {}),
    },
    { onBadRow, header: !noHeader, ...(delimiter === undefined ? {} : { delimiter }) },
  );
}

export function encodeTextsOf(
  texts: TextDataset,
  tokenizer: Tokenizer,
  labels: readonly string[],
  maxLength: number,
  onProgress?: (done: number, total: number) => void,
): Promise<EncodedDataset> {
  return encodeClassification(texts, tokenizer, new LabelMap(labels), {
    maxLength,
    ...(onProgress ? { onProgress } : {}),
  });
}
