import { readdirSync, readFileSync } from 'node:fs';
import { MemoryStorage } from '@attune/hub';
import { add, div, mul, sub, tensorType } from '@attune/ir';
import { expect, test, vi } from 'vitest';
import { namedValue } from './objectives/labels.js';
import type { Strategy } from './strategy.js';
import { tinyFull, tinyHead } from './trainer/testing/tiny.js';
import { streamObjective, tinyRecurrent, tinyStream } from './trainer/testing/tiny-stream.js';
import { collect, lossesOf, numbersOf, tinyTrainer } from './trainer/testing/tiny-trainer.js';
import type { TrainerOptions } from './trainer/trainer-options.js';

const names = vi.hoisted(() => ({ areOpaque: false, known: new Map<string, string>() }));

/** With opaque names a port is called `p7`, and says nothing of its role. */
vi.mock('./port-names.js', async (original) => {
  const plain = await original<Record<string, string | ((...parts: never[]) => string)>>();
  const opaque = (name: string) => {
    if (!names.areOpaque) return name;
    const known = names.known.get(name) ?? `p${names.known.size}`;
    names.known.set(name, known);
    return known;
  };
  return Object.fromEntries(
    Object.entries(plain).map(([maker, make]) => [
      maker,
      typeof make === 'string' ? make : (...parts: never[]) => opaque(make(...parts)),
    ]),
  );
});

/** Every parameter is drawn to where it began, and something is counted behind each update. */
const anchored: Strategy = {
  name: 'anchored',
  options: {},
  adapt: () => ({
    afterUpdate: () => ({
      slots: { updates: { type: tensorType([]), initial: 0 } },
      apply: ({ parameters, state: { updates } }) => ({
        parameters: {
          'classifier.bias': mul(namedValue(parameters, 'classifier.bias'), div(updates!, add(updates!, 1))),
        },
        state: { updates: add(updates!, 1) },
      }),
    }),
    penalty: () => ({
      reads: ['start'],
      tensors: (start) => ({ start }),
      gradient: (parameter, { start }) => sub(parameter, start!),
    }),
  }),
};

const runs: Readonly<Record<string, Partial<TrainerOptions>>> = {
  'accumulation, dropout, averages and evaluation': { strategy: tinyFull, emaDecay: 0.9 },
  'features of what is frozen': { strategy: tinyHead, gradientAccumulationSteps: 1 },
  'penalties and a rate from the host': { strategy: anchored, lrSchedulerType: 'reduce_lr_on_plateau' },
  'a state that is carried': {
    model: tinyRecurrent(),
    objective: streamObjective,
    train: tinyStream(),
    evaluation: tinyStream(8, 1),
    evaluator: undefined,
  },
};

test.each(Object.entries(runs))('T17: nothing depends on how ports are named: %s', async (_, options) => {
  const run = async (areOpaque: boolean) => {
    names.areOpaque = areOpaque;
    const output = new MemoryStorage();
    const settings = { numTrainEpochs: 2, saveSteps: 3, ...options };
    const first = tinyTrainer(output, settings);
    await collect(first, {}, (event) => event.type === 'checkpoint');
    const trainer = tinyTrainer(output, settings);
    const events = await collect(trainer, { resume: true });
    const evaluated = events.flatMap((event) => (event.type === 'evaluation' ? [event.metrics] : []));
    return { losses: lossesOf(events), evaluated, weights: numbersOf(await trainer.weights()) };
  };
  const plain = await run(false);
  expect(plain.losses.size).toBeGreaterThan(2);
  expect(await run(true)).toEqual(plain);
});

test('T17: only the makers of port names write their prefixes', () => {
  const makers = readFileSync(new URL('port-names.ts', import.meta.url), 'utf8');
  const prefixes = [...makers.matchAll(/`([a-z]+\/)\$/g)].map(([, prefix]) => prefix!);
  expect(prefixes.length).toBeGreaterThan(8);
  const written = new RegExp(`['"\`](?:${prefixes.join('|')})`);
  const packages = new URL('../../', import.meta.url);
  const guilty = readdirSync(packages)
    .flatMap((name) =>
      readdirSync(new URL(`${name}/src`, packages), { recursive: true, encoding: 'utf8' }).map(
        (file) => `${name}/src/${file}`,
      ),
    )
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'core/src/port-names.ts')
    .filter((file) => written.test(readFileSync(new URL(file, packages), 'utf8').replace(/\/\*.*?\*\//gs, '')));
  expect(guilty).toEqual([]);
});
