/** Stage 2: where the word embeddings begin. */
import type { RowVectors } from '@attune/data';
import { readText, type Storage } from '@attune/hub';
import { type HostTensor, hostTensor } from '@attune/ir';
import { Matrix } from 'ml-matrix';
import { PCA } from 'ml-pca';

/** Of a trained BERT's word embeddings; positions and types begin at half of it, so that words count for more. */
const STANDARD_DEVIATION = 0.04;

export interface TaughtPieces {
  readonly pieces: readonly string[];
  /** One embedding for each piece that has a text, in their order. */
  readonly vectors: RowVectors;
}

/** The pieces of a vocabulary, and what the teacher reads of them. */
export async function readPieces(
  tokenizer: Storage,
): Promise<{ readonly pieces: readonly string[]; readonly texts: readonly string[] }> {
  const pieces = (await readText(tokenizer, 'vocab.txt')).trimEnd().split('\n');
  return { pieces, texts: pieces.filter(hasText).map((piece) => piece.replace(/^##/, '')) };
}

/** Not `[CLS]` and its like. */
const hasText = (piece: string): boolean => !/^\[.*\]$/.test(piece);

/**
 * A word embedding table that begins with what a teacher makes of each piece alone, in the directions in which these
 * embeddings differ most (Model2Vec: Tulkens and van Dongen 2024; without its weights by rank, as BERT normalises the
 * sum of embeddings). Rows of pieces without a text stay.
 * @param table [pieces, width]
 */
export function tableAfterTeacher(table: HostTensor, { pieces, vectors }: TaughtPieces): HostTensor {
  const width = table.type.shape[1]!;
  const taught = pieces.flatMap((piece, row) => (hasText(piece) ? [row] : []));
  const embeddings = Matrix.from1DArray(taught.length, vectors.width, vectors.values);
  const components = new PCA(embeddings, { method: 'covarianceMatrix' }).predict(embeddings, { nComponents: width });
  const scale = STANDARD_DEVIATION / Math.sqrt(components.clone().pow(2).mean());
  const values = Float32Array.from(table.data);
  for (const [index, row] of taught.entries()) {
    values.set(
      components.getRow(index).map((value) => value * scale),
      row * width,
    );
  }
  return hostTensor([pieces.length, width], values);
}
