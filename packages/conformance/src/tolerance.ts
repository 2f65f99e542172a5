import type { DType, HostTensor } from '@attune/ir';

/** How far a device may be from the float64 reference: |got - want| <= absolute + relative * |want|. */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
}

/** The one table of tolerances; integers and bools are exact. */
export const tolerances: Readonly<Record<DType, Tolerance>> = {
  f32: { absolute: 2e-6, relative: 2e-5 },
  f16: { absolute: 2e-3, relative: 2e-3 },
  bf16: { absolute: 1.6e-2, relative: 1.6e-2 },
  i32: { absolute: 0, relative: 0 },
  u32: { absolute: 0, relative: 0 },
  u8: { absolute: 0, relative: 0 },
  bool: { absolute: 0, relative: 0 },
};

/** The largest error as a multiple of the tolerance; above 1 is a failure. NaN and infinities must agree exactly. */
export function worstError(got: ArrayLike<number>, want: ArrayLike<number>, { absolute, relative }: Tolerance): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let index = 0; index < want.length; index++) {
    const [found, expected] = [got[index]!, want[index]!];
    if (Object.is(found, expected) || found === expected) continue;
    if (!Number.isFinite(found) || !Number.isFinite(expected)) return Number.POSITIVE_INFINITY;
    const allowed = absolute + relative * Math.abs(expected);
    worst = Math.max(worst, allowed === 0 ? Number.POSITIVE_INFINITY : Math.abs(found - expected) / allowed);
  }
  return worst;
}

/** Throws where a tensor is further from the reference than its dtype allows. */
export function expectClose(label: string, got: HostTensor, want: HostTensor, scale = 1): void {
  const { absolute, relative } = tolerances[want.type.dtype];
  const error = worstError(got.data, want.data, { absolute: absolute * scale, relative: relative * scale });
  if (!(error <= 1)) {
    throw new Error(
      `${label}: ${error.toExponential(2)} times the tolerance; got [${[...got.data.slice(0, 6)]}], want [${[...want.data.slice(0, 6)]}]`,
    );
  }
}
