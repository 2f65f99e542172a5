/** Every tile gives what every other gives, whatever the operands lie like. */
import { expectLikeReference } from '@attune/conformance';
import { type Device, einsum, type Program, ProgramBuilder, tensorType } from '@attune/ir';
import { uniform } from '@attune/ir/internal';
import { describe, expect, it } from 'vitest';
import { webgpu } from '../index.js';
import { defaultTiles, productKind, sameTile, type TileChoice, tileFor, tileNames } from './tile.js';

/** Sizes that no vector and no tile divides, and ones that vectors do. */
const sizes = [
  { b: 1, n: 37, m: 71, k: 13 },
  { b: 2, n: 40, m: 68, k: 16 },
] as const;

const layouts = ['bnk,bmk', 'bnk,bkm', 'bkn,bkm', 'bkn,bmk'] as const;

/** Products of all sizes, of operands as they are and transposed. */
function products(): Program {
  const builder = new ProgramBuilder('products');
  const results = sizes.flatMap((size, number) =>
    layouts.map((layout) => {
      const [left, right] = layout.split(',').map((axes) => {
        const shape = [...axes].map((axis) => new Map(Object.entries(size)).get(axis)!);
        return builder.input(`${axes} of ${layout} ${number}`, tensorType(shape));
      });
      return [`${layout} ${number}`, einsum(`${layout}->bnm`, left!, right!)] as const;
    }),
  );
  return builder.finish(Object.fromEntries(results));
}

describe('tiles of products', () => {
  const tunings = [
    ...tileNames.map((tile) => [tile, { tiles: sameTile(tile) }] as const),
    ['the large one', { largeProduct: 0 }] as const,
    ['the large one without quads', { largeProduct: 0, subgroupSize: 1 }] as const,
  ];

  it.each(tunings)('%s give the reference’s products', async (_, tuning) => {
    await using device: Device = await webgpu({ tuning }).open();
    const program = products();
    const inputs = program.inputs.map(({ value }, index) => uniform(program.types[value]!.shape, [-1, 1], index));
    await expectLikeReference(device, program, inputs);
  });

  it('are chosen by the kind of product', () => {
    const kindOf = (batch: number, rows: number, columns: number, depth: number) =>
      productKind({ batch, rows, columns, depth });
    expect(kindOf(1, 1024, 768, 768)).toBe('square');
    expect(kindOf(1, 2048, 768, 768)).toBe('wide');
    expect(kindOf(1, 768, 768, 2048)).toBe('deep');
    expect(kindOf(1, 2048, 16, 768)).toBe('narrow');
    expect(kindOf(1, 2, 768, 2048)).toBe('narrow');
    expect(kindOf(192, 128, 128, 64)).toBe('batched');
  });

  it('have no more rows and threads than the product has work for', () => {
    const tileOf = (rows: number, columns: number, choice: TileChoice = defaultTiles, subgroupSize = 1) =>
      tileFor({ batch: 1, rows, columns, depth: 6 }, { tiles: choice, largeProduct: 5000, subgroupSize });
    const loads = 'alone';
    expect(tileOf(20, 40)).toEqual({ rows: 4, columns: 4, across: 8, down: 8, loads });
    expect(tileOf(3, 100)).toEqual({ rows: 2, columns: 4, across: 8, down: 2, loads });
    expect(tileOf(100, 2)).toEqual({ rows: 4, columns: 4, across: 1, down: 32, loads });
    expect(tileOf(5, 5, sameTile('8x4'))).toEqual({ rows: 4, columns: 4, across: 2, down: 2, loads });
    expect(tileOf(100, 9)).toEqual({ rows: 16, columns: 8, across: 2, down: 8, loads });
    expect(tileOf(0, 0)).toEqual({ rows: 1, columns: 4, across: 1, down: 1, loads });
    const quads = sameTile('8x4 by quads');
    expect(tileOf(20, 40, quads, 4)).toEqual({ rows: 8, columns: 4, across: 8, down: 4, loads: 'quad' });
    expect(tileOf(20, 40, quads)).toMatchObject({ loads });
    expect(tileOf(20, 8, quads, 4)).toMatchObject({ across: 2, loads });
    expect(tileOf(3, 40, quads, 4)).toMatchObject({ rows: 2, loads });
    expect(tileOf(100, 9, quads, 4)).toMatchObject({ rows: 16, columns: 4, across: 4, loads: 'quad' });
    expect(tileOf(20, 8, sameTile('8x4 by groups'))).toMatchObject({ across: 2, down: 4, loads: 'group' });
    expect(tileOf(3, 8, sameTile('8x4 by groups'))).toMatchObject({ rows: 2, loads });
  });
});
