/** Successive halving (Jamieson and Talwalkar 2016, arXiv 1502.07943): many candidates a little, the best of them to the end. */

/** What a candidate reached after a share of its training. */
export interface Rung {
  readonly candidate: number;
  /** Of a whole training; 1 in the last round. */
  readonly share: number;
  /** Larger is better; null for a candidate that failed. */
  readonly score: number | null;
}

export interface HalvingOptions {
  readonly candidates: number;
  /** One candidate in so many goes on to a round of so many times the training; 3 by default. */
  readonly factor?: number;
  /** Rungs of an earlier part of the same search, which are not measured again. */
  readonly known?: readonly Rung[];
  /** Trains a candidate on, up to the share; null if it fails. */
  measure(candidate: number, share: number): Promise<number | null>;
}

/** The shares that rounds train to, and how many candidates each has. */
export function halvingRounds(
  candidates: number,
  factor = 3,
): readonly { readonly share: number; readonly size: number }[] {
  const sizes = [candidates];
  for (let size = candidates; size > 1; ) {
    size = Math.max(1, Math.floor(size / factor));
    sizes.push(size);
  }
  return sizes.map((size, round) => ({ size, share: factor ** (round - sizes.length + 1) }));
}

/** Gives each rung as it is measured; the last is that of the best candidate. No rung comes after all have failed. */
export async function* successiveHalving({
  candidates,
  factor = 3,
  known = [],
  measure,
}: HalvingOptions): AsyncGenerator<Rung, void, undefined> {
  let alive = Array.from({ length: candidates }, (_, candidate) => candidate);
  for (const { share, size } of halvingRounds(candidates, factor)) {
    const scores: Rung[] = [];
    for (const candidate of alive.slice(0, size)) {
      const found = known.find((rung) => rung.candidate === candidate && Math.abs(rung.share - share) < 1e-9);
      const rung = found ?? { candidate, share, score: await measure(candidate, share) };
      scores.push(rung);
      yield rung;
    }
    alive = scores
      .filter(({ score }) => score !== null)
      .toSorted((one, other) => (other.score ?? 0) - (one.score ?? 0))
      .map(({ candidate }) => candidate);
  }
}
