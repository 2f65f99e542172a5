// Attune's side of a comparison of training steps: the protocol of bench/python/step.py.
import { createInterface } from 'node:readline';
import type { HostBatch, Learner } from '@attune/core';
import { openSafetensors } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { type HostTensor, hostTensor } from '@attune/ir';

interface Cases {
  readonly count: number;
  readonly rows: number;
  readonly tokens: number;
  /** Of each tensor the part of a batch. */
  cut(index: number): (name: string, ...shape: number[]) => HostTensor;
}

/** A file of batches: `input_ids`, `attention_mask` and `labels`, each with the batches as its first axis. */
export async function readCases(file: string): Promise<Cases> {
  const slash = file.lastIndexOf('/');
  const source = await openSafetensors(nodeStorage(file.slice(0, slash)), file.slice(slash + 1));
  const names = ['input_ids', 'attention_mask', 'labels'];
  const tensors = new Map(await Promise.all(names.map(async (name) => [name, await source.read(name)] as const)));
  const [count = 0, rows = 0, tokens = 0] = tensors.get('input_ids')!.type.shape;
  return {
    count,
    rows,
    tokens,
    cut:
      (index) =>
      (name, ...shape) => {
        const size = shape.reduce((product, each) => product * each, 1);
        const { data } = tensors.get(name)!;
        return hostTensor(shape, Int32Array.from(data.subarray(index * size, (index + 1) * size), Number), 'i32');
      },
  };
}

export const print = (object: object): void => {
  process.stdout.write(`${JSON.stringify(object)}\n`);
};

export const peak = (): number => process.resourceUsage().maxRSS * 1024;

/** Does steps when told to on standard input, until it is told to quit. @param others what else can be asked */
export async function serveSteps(
  learner: Learner,
  batches: readonly { readonly tensors: HostBatch }[],
  others: Readonly<Record<string, () => Promise<object>>> = {},
): Promise<void> {
  print({ event: 'ready', peakRssBytes: peak() });
  let step = 0;
  for await (const line of createInterface({ input: process.stdin })) {
    const [command = '', argument] = line.trim().split(' ');
    if (command === 'quit') {
      print({ event: 'quit', steps: step, peakRssBytes: peak() });
      return;
    }
    const other = others[command];
    if (other) {
      print({ event: command, ...(await other()) });
      continue;
    }
    const times: number[] = [];
    const losses: number[] = [];
    for (let index = 0; index < Number(argument); index++) {
      const start = performance.now();
      const place = step % batches.length;
      const { loss } = await learner.step(batches.slice(place, place + 1));
      times.push((performance.now() - start) / 1000);
      losses.push(loss);
      step++;
    }
    print({ event: 'run', times, losses, peakRssBytes: peak() });
  }
}
