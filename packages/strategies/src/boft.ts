/** Orthogonal fine-tuning by butterfly factorization (Liu et al. 2024, arXiv 2311.06243), as PEFT has it. */
import type { Initializer, Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import {
  AttuneError,
  gather,
  hostTensor,
  matmul,
  mul,
  reshape,
  sliceAxis,
  sub,
  transpose,
  type Value,
} from '@attune/ir';
import * as z from 'zod/mini';
import { defineAdapter } from './adapters/define-adapter.js';
import { targetProblem, targetShape } from './adapters/target-options.js';
import { lowRankRecipe } from './low-rank.js';
import { blockDiagonal, cayley } from './rotations.js';

const boftSchema = z.strictObject({
  ...targetShape,
  /** Width of the rotated blocks; 4 by default, 0 with `boftBlockNum`. */
  boftBlockSize: z.optional(z.int().check(z.nonnegative())),
  /** How many blocks a layer has, in place of their width; 0 by default. */
  boftBlockNum: z._default(z.int().check(z.nonnegative()), 0),
  /** Rotations after each other, each over blocks of other inputs; 1, the default, is what PEFT computes without a GPU. */
  boftNButterflyFactor: z._default(z.int().check(z.positive()), 1),
  bias: z._default(z.enum(['none', 'all', 'boft_only']), 'none'),
});

export type BoftOptions = z.input<typeof boftSchema>;
export type BoftSettings = z.output<typeof boftSchema>;

const constant = (value: number): Initializer => ({ kind: 'constant', value });

export const boftMethod = defineAdapter<BoftSettings>({
  name: 'boft',
  peftType: 'BOFT',
  recipe: lowRankRecipe,
  parse(options) {
    const settings = parseOptions(boftSchema, options, 'boft', targetProblem);
    return { ...settings, boftBlockSize: settings.boftBlockSize ?? (settings.boftBlockNum > 0 ? 0 : 4) };
  },
  kinds: { linear: true, embedding: false, layer_norm: false, rms_norm: false },
  fields: {
    boftBlockSize: 'boft_block_size',
    boftBlockNum: 'boft_block_num',
    boftNButterflyFactor: 'boft_n_butterfly_factor',
    bias: 'bias',
  },
  file: {
    constants: { init_weights: true, boft_dropout: 0 },
    harmless: ['init_weights', 'boft_dropout'],
    // Without a GPU PEFT trains one rotation, whatever its configuration says.
    options(_, tensors) {
      const name = tensors.names.find((each) => each.endsWith('.boft_R'));
      return name === undefined ? {} : { boftNButterflyFactor: tensors.entry(name).shape[0] };
    },
  },
  parameters: { boft_R: {}, boft_s: {} },
  isExclusive: true,
  change(settings) {
    return ({ path, shape, parameter }) => {
      const [out, width] = shape as [number, number];
      const { boftNButterflyFactor: count } = settings;
      const size = blockSize(path, width, settings);
      const blocks = width / size;
      const r = parameter('boft_R.*', [count, blocks, size, size], constant(0));
      const flat = reshape(r, [count * blocks, size, size]);
      const rotations = cayley(mul(sub(flat, transpose(flat, [0, 2, 1])), 0.5));
      const rotation = Array.from({ length: count }, (_, level) =>
        shuffled(blockDiagonal(sliceAxis(rotations, 0, level * blocks, (level + 1) * blocks)), size, level),
      ).reduce((before, next) => matmul(next, before));
      const factors = reshape(parameter('boft_s.*', [out, 1], constant(1)), [out]);
      return { delta: [], input: { matrix: transpose(rotation, [1, 0]) }, outputScale: () => factors };
    };
  },
});

/** @throws AttuneError `E_STRATEGY` for blocks that the layer's inputs cannot be divided into */
function blockSize(path: string, width: number, settings: BoftSettings): number {
  const { boftBlockSize = 0, boftBlockNum, boftNButterflyFactor: count } = settings;
  const field = boftBlockNum > 0 ? 'boftBlockNum' : 'boftBlockSize';
  const wrong = (problem: string, hint?: string) =>
    new AttuneError('E_STRATEGY', `boft: ${path} reads ${width} numbers, ${problem}.`, {
      field,
      ...(hint === undefined ? {} : { hint }),
    });
  if (boftBlockSize > 0 === boftBlockNum > 0) throw wrong('and wants one of boftBlockSize and boftBlockNum');
  const size = boftBlockNum > 0 ? width / boftBlockNum : boftBlockSize;
  if (width % size !== 0) throw wrong(`which ${field} ${settings[field]} does not divide`);
  if (count > 1 && (size % 2 !== 0 || width % (size * 2 ** (count - 1)) !== 0)) {
    throw wrong(
      `which ${count} rotations of blocks of ${size} do not fit`,
      `Choose an even block size that divides ${width} by ${2 ** (count - 1)} and more, or a smaller boftNButterflyFactor.`,
    );
  }
  return size;
}

/** P M P^T, for the permutation P that puts the halves of blocks in even places before those in odd ones, level by level. */
function shuffled(matrix: Value, size: number, level: number): Value {
  if (level === 0) return matrix;
  const [half, group] = [size / 2, size * 2 ** level];
  const order = Array.from({ length: matrix.type.shape[0]! }, (_, at) => {
    const inGroup = at % group;
    const chunk = Math.floor(inGroup / half);
    const chunks = group / half;
    const from = chunk < chunks / 2 ? 2 * chunk : 2 * (chunk - chunks / 2) + 1;
    return at - inGroup + from * half + (inGroup % half);
  });
  const indices = matrix.builder.constant(hostTensor([order.length], order, 'i32'));
  return gather(gather(matrix, indices, 0), indices, 1);
}

/**
 * Rotates what a layer reads, block by block, by orthogonal matrices that train, and scales what it gives.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) where no layer is a target
 */
export const boft = (options: BoftOptions = {}): Strategy => boftMethod.strategy(options);
