/** T18 and T28 on two backends: begun on one, continued on another, with the losses of the reference. */
import { onnx } from '@attune/backend-onnx';
import { tfjs } from '@attune/backend-tfjs';
import { webgpu } from '@attune/backend-webgpu';
import { MemoryStorage, type Storage } from '@attune/hub';
import { type Backend, referenceBackend } from '@attune/ir';
import { beforeAll, describe, expect, it } from 'vitest';
import { collect, lossesOf, numbersOf, tinyTrainer } from './testing/tiny-trainer.js';

const backends = {
  onnx: () => onnx({ threads: 1 }),
  'tfjs on JavaScript': () => tfjs({ flavour: 'cpu' }),
  'tfjs on WebAssembly': () => tfjs({ flavour: 'wasm' }),
  webgpu,
  reference: referenceBackend,
} satisfies Record<string, () => Backend>;

const pairs = [
  ['onnx', 'tfjs on JavaScript'],
  ['tfjs on JavaScript', 'onnx'],
  ['onnx', 'webgpu'],
  ['webgpu', 'onnx'],
  ['tfjs on WebAssembly', 'reference'],
  ['reference', 'tfjs on WebAssembly'],
] as const;

/** Trains to the step, or to the end; adamw with dropout, accumulation and averages. */
async function train(output: Storage, backend: Backend, stop?: number) {
  await using trainer = tinyTrainer(output, { backend, emaDecay: 0.9 });
  const controller = new AbortController();
  const events = await collect(
    trainer,
    { signal: controller.signal, resume: true, allowChange: stop === undefined ? ['backend'] : [] },
    (event) => {
      if (event.type === 'step' && event.step === stop) controller.abort();
      return false;
    },
  );
  return { events, losses: lossesOf(events), weights: numbersOf(await trainer.weights()) };
}

describe('a run that goes on elsewhere', () => {
  let whole: Awaited<ReturnType<typeof train>>;
  beforeAll(async () => {
    whole = await train(new MemoryStorage(), referenceBackend());
  });

  it.each(pairs)('keeps the loss curve from %s to %s, and warns', async (from, to) => {
    const output = new MemoryStorage();
    const first = await train(output, backends[from](), 5);
    const second = await train(output, backends[to]());
    const losses = [...first.losses, ...second.losses];
    expect(losses.map(([step]) => step)).toEqual([...whole.losses.keys()]);
    for (const [step, loss] of losses) expect(loss, `step ${step}`).toBeCloseTo(whole.losses.get(step)!, 3);
    for (const [name, numbers] of Object.entries(second.weights)) {
      for (const [index, value] of numbers.entries()) {
        expect(value, `${name}, ${index}`).toBeCloseTo(whole.weights[name]![index]!, 2);
      }
    }
    const warnings = second.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
    expect(warnings).toEqual([expect.stringContaining('not bit for bit')]);
  });

  it.each(['tfjs on JavaScript', 'tfjs on WebAssembly', 'webgpu'] as const)(
    'is the same bit for bit on %s',
    async (name) => {
      const uninterrupted = await train(new MemoryStorage(), backends[name]());
      const output = new MemoryStorage();
      const first = await train(output, backends[name](), 5);
      const second = await train(output, backends[name]());
      expect(new Map([...first.losses, ...second.losses])).toEqual(uninterrupted.losses);
      expect(second.weights).toEqual(uninterrupted.weights);
      expect(second.events.filter(({ type }) => type === 'warning')).toEqual([]);
    },
  );
});
