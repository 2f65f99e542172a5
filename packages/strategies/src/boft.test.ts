import { adaptModel } from '@attune/core';
import { loadModel } from '@attune/models';
import { tinyBert } from '@attune/models/testing/tiny-bert';
import { expect, test } from 'vitest';
import { mergeAdapter } from './adapters/merge.js';
import { boft, boftMethod } from './boft.js';

const load = async () => loadModel(await tinyBert(), { task: 'sequence-classification', labels: ['a', 'b'] });

test.each([
  [0, [0, 1, 2, 3]],
  [1, [0, 1, 4, 5]],
  [2, [0, 1, 8, 9]],
])('T17: block 0 of rotation %i turns the inputs %j, as PEFT shuffles them', async (level, inputs) => {
  const { model, weights: base } = await load();
  const options = { targetModules: ['query'], boftNButterflyFactor: 3 };
  const { weights } = adaptModel(model, base, [boft(options)], 0);
  const path = 'bert.encoder.layer.0.attention.self.query';
  const rotations = weights.get(`${path}.boft_R.default`)!;
  const [, blocks, size] = rotations.type.shape as [number, number, number];
  for (let at = 0; at < size * size; at++) rotations.data[level * blocks * size * size + at] = Math.sin(at);
  const name = `${path}.weight`;
  const before = base.get(name)!;
  const after = mergeAdapter(weights, boftMethod.plan(model, options)).get(name)!;
  const width = before.type.shape[1]!;
  const turned = Array.from({ length: width }, (_, column) => column).filter((column) =>
    before.data.some((value, at) => at % width === column && Math.abs(value - after.data[at]!) > 1e-6),
  );
  expect(turned).toEqual(inputs);
  const norm = (row: number, { data }: typeof before) => Math.hypot(...data.subarray(row * width, (row + 1) * width));
  for (const row of [0, 5]) expect(norm(row, after)).toBeCloseTo(norm(row, before), 5);
});

test.each([
  { boftBlockSize: 5 },
  { boftBlockSize: 4, boftBlockNum: 8 },
  { boftBlockSize: 1, boftNButterflyFactor: 2 },
  { boftNButterflyFactor: 9 },
])('T17: %j does not fit the layers', async (options) => {
  const { model, weights } = await load();
  expect(() => adaptModel(model, weights, [boft(options)], 0)).toThrow(
    expect.objectContaining({
      code: 'E_STRATEGY',
      field: expect.stringMatching('boftBlock'),
      message: expect.stringContaining('query'),
    }),
  );
});
