/** T18 and T28 on two backends: begun on one, continued on another, with the losses of the reference. */
import { onnx } from '@attune/backend-onnx';
import { tfjs } from '@attune/backend-tfjs';
import { testedFlavours } from '@attune/backend-tfjs/testing/tested-flavours';
import { webgpu } from '@attune/backend-webgpu';
import { MemoryStorage, type Storage } from '@attune/hub';
import { type Backend, referenceBackend } from '@attune/ir';
import { beforeAll, describe, expect, it } from 'vitest';
import { collect, lossesOf, numbersOf, tinyTrainer } from './testing/tiny-trainer.js';

const flavours = testedFlavours.map((flavour) => [`tfjs on ${flavour}`, () => tfjs({ flavour })] as const);
const others: ReadonlyMap<string, () => Backend> = new Map([
  ['webgpu', webgpu],
  ['reference', referenceBackend],
  ...flavours,
]);

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

  it.each([...others])('keeps the loss curve from onnx to %s and back, and warns', async (_, other) => {
    for (const [from, to] of [
      [onnx, other],
      [other, onnx],
    ] as const) {
      const output = new MemoryStorage();
      const first = await train(output, from(), 5);
      const second = await train(output, to());
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
    }
  });

  it.each([...others].filter(([name]) => name !== 'reference'))('is the same bit for bit on %s', async (_, backend) => {
    const uninterrupted = await train(new MemoryStorage(), backend());
    const output = new MemoryStorage();
    const first = await train(output, backend(), 5);
    const second = await train(output, backend());
    expect(new Map([...first.losses, ...second.losses])).toEqual(uninterrupted.losses);
    expect(second.weights).toEqual(uninterrupted.weights);
    expect(second.events.filter(({ type }) => type === 'warning')).toEqual([]);
  });
});
