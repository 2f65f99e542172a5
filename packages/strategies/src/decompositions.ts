/** A layer's weight as the product of two thin matrices and a rest; loaded by the strategies that start so. */
import { gaussian } from '@attune/core/internal';
import { type HostTensor, hostTensor } from '@attune/ir';
import { Matrix, QrDecomposition, SingularValueDecomposition } from 'ml-matrix';

/** LoRA's A [r, in] and B [out, r]. */
export interface Factors {
  readonly a: HostTensor;
  readonly b: HostTensor;
}

export interface FactorRequest {
  /** `olora`, `pissa` or `pissa_niter_N`. */
  readonly start: string;
  readonly rank: number;
  /** Of LoRA's product. */
  readonly scaling: number;
  /** The layer's path; the only seed of what is drawn. */
  readonly path: string;
}

/** As PEFT's `olora_init` and `pissa_init`, in float64; singular vectors are unique up to their signs. */
export function factorsOf({ type, data }: HostTensor, { start, rank, scaling, path }: FactorRequest): Factors {
  const [out, width] = type.shape as [number, number];
  const weight = Matrix.from1DArray(out, width, data);
  if (start === 'olora') {
    const b = orthonormal(weight.subMatrix(0, out - 1, 0, rank - 1));
    return { a: tensorOf(b.transpose().mmul(weight)), b: tensorOf(b) };
  }
  const [, rounds] = /^pissa_niter_(\d+)$/.exec(start) ?? [];
  const { left, values, right } =
    rounds === undefined ? decomposed(weight) : subspaceOf(weight, rank, Number(rounds), path);
  const roots = values.slice(0, rank).map((value) => Math.sqrt(value / scaling));
  const scaled = (vectors: Matrix) => vectors.subMatrix(0, vectors.rows - 1, 0, rank - 1).mulRowVector(roots);
  return { a: tensorOf(scaled(right).transpose()), b: tensorOf(scaled(left)) };
}

/** The closest product of two thin matrices to a weight: B with the singular values, A without. */
export function truncated({ type, data }: HostTensor, rank: number): Factors {
  const [out, width] = type.shape as [number, number];
  const { left, values, right } = decomposed(Matrix.from1DArray(out, width, data));
  const kept = Math.min(rank, values.length);
  const columns = (vectors: Matrix) => vectors.subMatrix(0, vectors.rows - 1, 0, kept - 1);
  const filled = (matrix: Matrix) => {
    const whole = Matrix.zeros(matrix.rows, rank);
    whole.setSubMatrix(matrix, 0, 0);
    return whole;
  };
  const b = filled(columns(left).mulRowVector(values.slice(0, kept)));
  return { a: tensorOf(filled(columns(right)).transpose()), b: tensorOf(b) };
}

interface Decomposition {
  /** Singular vectors as columns. */
  readonly left: Matrix;
  /** From the largest down. */
  readonly values: readonly number[];
  readonly right: Matrix;
}

function decomposed(matrix: Matrix): Decomposition {
  const found = new SingularValueDecomposition(matrix, { autoTranspose: true });
  return { left: found.leftSingularVectors, values: found.diagonal, right: found.rightSingularVectors };
}

/** The largest singular values by subspace iteration (Halko et al. 2009, algorithm 4.4), as torch.svd_lowrank. */
function subspaceOf(matrix: Matrix, rank: number, rounds: number, path: string): Decomposition {
  const { columns } = matrix;
  const transposed = matrix.transpose();
  const drawn = Matrix.from1DArray(columns, rank, gaussian(columns * rank, 0, `${path}.pissa`));
  let basis = orthonormal(matrix.mmul(drawn));
  for (let round = 0; round < rounds; round++) basis = orthonormal(matrix.mmul(orthonormal(transposed.mmul(basis))));
  const { left, values, right } = decomposed(basis.transpose().mmul(matrix));
  return { left: basis.mmul(left), values, right };
}

/** An orthonormal basis of the columns. */
const orthonormal = (matrix: Matrix): Matrix => new QrDecomposition(matrix).orthogonalMatrix;

const tensorOf = (matrix: Matrix): HostTensor => hostTensor([matrix.rows, matrix.columns], matrix.to1DArray());
