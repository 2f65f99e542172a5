/** Golden cases: what they are, how a case reports, and the comparison that all groups use. */
import { worstError } from '@attune/conformance';
import type { Storage } from '@attune/hub';
import { type Device, type HostTensor, sameShape } from '@attune/ir';

export interface ParityTolerance {
  readonly rtol: number;
  readonly atol: number;
}

export interface ParityContext {
  readonly device: Device;
  /** True on the float64 interpreter, which is too slow for real models. */
  readonly isReference: boolean;
}

/** A comparison's largest error as a multiple of its tolerance, and where it was. */
export interface Worst {
  readonly error: number;
  readonly where: string;
}

export type ParityOutcome =
  | { readonly status: 'compared'; readonly worst: Worst }
  | { readonly status: 'unsupported'; readonly reason: string };

export interface ParityCase {
  /** Path below the folder that was asked for, and the case's own name. */
  readonly id: string;
  run(context: ParityContext): Promise<ParityOutcome>;
}

/** One folder of the tree, as the groups look at it. */
export interface ParityFolder {
  readonly storage: Storage;
  /** Its path below the folder that was asked for; '' for that folder itself. */
  readonly path: string;
  readonly files: readonly string[];
}

/** Finds the cases of one kind in a folder; none where the folder is of another kind. */
export type ParityGroup = (folder: ParityFolder) => Promise<readonly ParityCase[]>;

export class Comparison {
  #worst: Worst = { error: 0, where: 'nothing compared' };
  #count = 0;

  /** Compares numbers; |got - want| <= atol + rtol |want| is an error of at most 1. */
  add(
    where: string,
    got: ArrayLike<number> | undefined,
    want: ArrayLike<number>,
    { rtol, atol }: ParityTolerance,
  ): void {
    const error = got ? worstError(got, want, { relative: rtol, absolute: atol }) : Number.POSITIVE_INFINITY;
    if (this.#count++ === 0 || error > this.#worst.error) this.#worst = { error, where };
  }

  addTensor(where: string, got: HostTensor | undefined, want: HostTensor, tolerance: ParityTolerance): void {
    const shaped = got && sameShape(got.type.shape, want.type.shape) ? got.data : undefined;
    this.add(where, shaped, want.data, tolerance);
  }

  get outcome(): ParityOutcome {
    const worst = this.#count === 0 ? { error: Number.POSITIVE_INFINITY, where: 'nothing compared' } : this.#worst;
    return { status: 'compared', worst };
  }
}

export const unsupported = (reason: string): ParityOutcome => ({ status: 'unsupported', reason });
