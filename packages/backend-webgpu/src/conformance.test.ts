import { conformanceCases } from '@attune/conformance';
import type { Device } from '@attune/ir';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { webgpu } from './index.js';
import { gpuTuning } from './schedule/tuning.js';

const all = conformanceCases();

const { maxLanes } = gpuTuning;

/** By the adapter's own limits everything, by those of every device the largest kernels, and what a GPU's threads do together. */
const runs = [
  { name: 'limits of the adapter', options: { limits: 'adapter' }, cases: all },
  {
    name: 'limits of every device',
    options: { limits: 'default' },
    cases: all.filter(({ name }) => name.startsWith('programs/')),
  },
  {
    name: 'threads of a GPU',
    options: { tuning: { maxLanes } },
    cases: all.filter(({ name }) => /scatter_add|reduce_|argmax/.test(name)),
  },
  {
    name: 'threads of a GPU without subgroups',
    options: { tuning: { maxLanes, subgroupSize: 1 } },
    cases: all.filter(({ name }) => /reduce_sum|argmax/.test(name)),
  },
] as const;

describe.each(runs)('WebGPU in Node conforms: $name', ({ options, cases }) => {
  let device: Device;
  beforeAll(async () => {
    device = await webgpu(options).open();
  });
  afterAll(() => device[Symbol.asyncDispose]());

  it.each(cases)('$name', ({ run }) => run(device));
});
