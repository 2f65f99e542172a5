/** The choice of tiles by measurement: here on SwiftShader, with small products. */
import { type Device, einsum, type Program, ProgramBuilder, tensorType } from '@attune/ir';
import { uniform } from '@attune/ir/internal';
import { describe, expect, it } from 'vitest';
import { type WebgpuOptions, webgpu } from '../index.js';
import { defaultTiles, productKinds, tileNames } from '../kernels/tile.js';
import { spiedGpu } from '../testing/spied-gpu.js';
import { fastest } from './measure-tiles.js';
import type { TuningCache } from './tuning-cache.js';

/** What `localStorage` is. */
function storage(initial?: string): TuningCache & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    getItem: (key) => texts.get(key) ?? initial ?? null,
    setItem: (key, text) => texts.set(key, text),
  };
}

const everywhere = (tile: string) => Object.fromEntries(productKinds.map((kind) => [kind, tile]));

function product(): Program {
  const builder = new ProgramBuilder('product');
  const [x, w] = ['x', 'w'].map((name) => builder.input(name, tensorType([64, 64])));
  return builder.finish({ y: einsum('nk,mk->nm', x!, w!) });
}

/** The code of a product on a device that is opened with the options. */
async function codeWith(options: WebgpuOptions): Promise<string> {
  const codes: string[] = [];
  const trace: WebgpuOptions['trace'] = ({ kernels }) => codes.push(...kernels.map(({ code }) => code));
  await using device: Device = await webgpu({ ...options, trace }).open();
  using executable = await device.compile(product());
  const operands = [1, 2].map((seed) => device.upload(uniform([64, 64], [-1, 1], seed)));
  for (const buffer of [...(await executable.run(operands)), ...operands]) buffer[Symbol.dispose]();
  return codes.join();
}

describe('autotuning', () => {
  it('measures once for an adapter, and keeps the choice where it is told to', async () => {
    let queues = 0;
    const gpu = await spiedGpu((device) => {
      const { createShaderModule } = device;
      device.createShaderModule = (descriptor) => {
        if (descriptor.label !== 'subgroups') queues++;
        return createShaderModule.call(device, descriptor);
      };
    });
    const [first, second] = [storage(), storage('{"square":"16x16"}')];
    await (await webgpu({ gpu, autotune: true, tuningCache: first }).open())[Symbol.asyncDispose]();
    expect(queues).toBeGreaterThanOrEqual(tileNames.length);
    queues = 0;
    await (await webgpu({ gpu, autotune: true, tuningCache: second }).open())[Symbol.asyncDispose]();
    expect(queues).toBe(0);
    const [[key, text]] = [...first.texts] as [[string, string]];
    expect(key).toContain('swiftshader');
    expect(Object.keys(JSON.parse(text))).toEqual(productKinds);
    for (const tile of Object.values(JSON.parse(text))) expect(tileNames).toContain(tile);
    expect(second.texts).toEqual(first.texts);
  });

  it('takes what was kept', async () => {
    const kept = storage(JSON.stringify(everywhere('4x4 by groups')));
    expect(await codeWith({ autotune: true, tuningCache: kept })).toContain('var<workgroup> left_block');
    expect(kept.texts.size).toBe(0);
  });

  it('is left out on adapters that compute on the CPU unless it is asked for, and does without a cache that throws', async () => {
    const refusing: TuningCache = {
      getItem: () => {
        throw new Error('no storage here');
      },
      setItem: () => Promise.reject(new Error('full')),
    };
    const code = await codeWith({ tuningCache: refusing });
    expect(code).toContain('@workgroup_size(64)');
    expect(code).toContain('quadBroadcast');
    expect(await codeWith({ autotune: true, tuningCache: refusing })).toContain('@workgroup_size(');
  });

  it('keeps the default where another tile is not clearly faster, or nothing was measured', () => {
    const { square } = defaultTiles;
    expect(fastest(new Map(), square)).toBe('4x4');
    expect(
      fastest(
        new Map([
          ['4x4', 1],
          ['8x4', 0.97],
          ['8x4 by groups', 3],
        ] as const),
        square,
      ),
    ).toBe('4x4');
    expect(
      fastest(
        new Map([
          ['4x4', 1],
          ['8x4', 0.9],
          ['8x4 by groups', 0.8],
        ] as const),
        square,
      ),
    ).toBe('8x4 by groups');
    expect(fastest(new Map([['8x4', 5]] as const), square)).toBe('8x4');
  });
});
