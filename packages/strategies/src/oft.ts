/** Orthogonal fine-tuning (Qiu et al. 2023; Liu et al. 2025), as PEFT has it. */
import type { Initializer, Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import { AttuneError, add, hostTensor, matmul, mul, reshape, transpose, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { defineAdapter } from './adapters/define-adapter.js';
import { targetProblem, targetShape } from './adapters/target-options.js';
import { lowRankRecipe } from './low-rank.js';
import { blockDiagonal, cayley, identity } from './rotations.js';

const oftSchema = z.strictObject({
  ...targetShape,
  /** Width of the rotated blocks; 32 by default, 0 with `r`. */
  oftBlockSize: z.optional(z.int().check(z.nonnegative())),
  /** How many blocks a layer has, in place of their width; 0 by default. */
  r: z._default(z.int().check(z.nonnegative()), 0),
  /** The rotation by a sum in place of the inverse matrix, orthogonal but for small rotations; true by default. */
  useCayleyNeumann: z._default(z.boolean(), true),
  /** Terms of the sum; 5 by default. */
  numCayleyNeumannTerms: z._default(z.int().check(z.positive()), 5),
  bias: z._default(z.enum(['none', 'all', 'oft_only']), 'none'),
});

export type OftOptions = z.input<typeof oftSchema>;
export type OftSettings = z.output<typeof oftSchema>;

const zero: Initializer = { kind: 'constant', value: 0 };

export const oftMethod = defineAdapter<OftSettings>({
  name: 'oft',
  peftType: 'OFT',
  recipe: lowRankRecipe,
  parse(options) {
    const settings = parseOptions(oftSchema, options, 'oft', targetProblem);
    return { ...settings, oftBlockSize: settings.oftBlockSize ?? (settings.r > 0 ? 0 : 32) };
  },
  kinds: { linear: true, embedding: false, layer_norm: false, rms_norm: false },
  fields: {
    oftBlockSize: 'oft_block_size',
    r: 'r',
    useCayleyNeumann: 'use_cayley_neumann',
    numCayleyNeumannTerms: 'num_cayley_neumann_terms',
    bias: 'bias',
  },
  file: {
    constants: { init_weights: true, coft: false, block_share: false },
    harmless: ['eps', 'module_dropout'],
    refused: ['coft', 'block_share'],
  },
  parameters: { oft_R: {} },
  isExclusive: true,
  change({ oftBlockSize = 0, r, useCayleyNeumann, numCayleyNeumannTerms: terms }) {
    return ({ path, shape, parameter }) => {
      const width = shape[1]!;
      const size = r > 0 ? width / r : oftBlockSize;
      if (width % size !== 0) throw noDivisor(path, width, r > 0 ? `r ${r}` : `oftBlockSize ${size}`);
      const blocks = width / size;
      const skew = skewOf(parameter('oft_R.*.weight', [blocks, (size * (size - 1)) / 2], zero), size);
      const rotation = useCayleyNeumann ? neumannSum(skew, terms) : cayley(skew);
      return { delta: [], input: { matrix: transpose(blockDiagonal(rotation), [1, 0]) } };
    };
  },
});

const noDivisor = (path: string, width: number, given: string): AttuneError =>
  new AttuneError('E_STRATEGY', `oft: ${path} reads ${width} numbers, which ${given} does not divide.`, {
    field: 'oftBlockSize',
  });

/** Skew-symmetric matrices [blocks, size, size] of what stands above their diagonals, row by row. */
function skewOf(above: Value, size: number): Value {
  const [blocks, count] = above.type.shape as [number, number];
  const places = new Float32Array(count * size * size);
  let index = 0;
  for (let row = 0; row < size; row++) {
    for (let column = row + 1; column < size; column++, index++) {
      places[index * size * size + row * size + column] = 1;
      places[index * size * size + column * size + row] = -1;
    }
  }
  const table = above.builder.constant(hostTensor([count, size * size], places));
  return reshape(matmul(above, table), [blocks, size, size]);
}

/** 1 + 2 Q + 2 Q^2 + … + Q^(terms - 1), at least to Q^3 beyond two terms; it tends to the Cayley transform. */
function neumannSum(skew: Value, terms: number): Value {
  const last = terms > 2 ? Math.max(3, terms - 1) : terms - 1;
  let sum = add(mul(skew, 0), identity(skew.builder, skew.type.shape[1]!));
  let power = skew;
  for (let exponent = 1; exponent <= last; exponent++) {
    if (exponent > 1) power = matmul(power, skew);
    sum = add(sum, mul(power, terms > 2 && exponent === last ? 1 : 2));
  }
  return sum;
}

/**
 * Rotates what a layer reads, block by block, by orthogonal matrices that train.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) where no layer is a target
 */
export const oft = (options: OftOptions = {}): Strategy => oftMethod.strategy(options);
