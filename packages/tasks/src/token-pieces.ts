/** A long text goes on in the next row. A row of one token has nothing to learn: the first token of a row is no target. */
export function tokenPieces(ids: readonly number[], length: number): readonly (readonly number[])[] {
  const count = Math.ceil(ids.length / length);
  return Array.from({ length: count }, (_, index) => ids.slice(index * length, (index + 1) * length)).filter(
    (piece) => piece.length > 1,
  );
}
