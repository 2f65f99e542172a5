/** The page: all sides, which take turns as the driver says. */
import { attuneSide } from './attune.js';
import { jaxSide } from './jax-js.js';
import { batchesOf, type Side, type StepResult, type Task, type TokenBatch, tasks } from './task.js';
import { tensorflowSide } from './tensorflow.js';

const sides: Readonly<Record<string, (task: Task) => Promise<Side>>> = {
  attune: attuneSide,
  'jax-js': jaxSide,
  tensorflow: tensorflowSide,
};

interface TimedStep extends StepResult {
  readonly milliseconds: number;
}

/** Of which steps take one after the other. */
const BATCHES = 4;

const running = new Map<string, { readonly side: Side; steps: number }>();
let batches: readonly TokenBatch[];

/** Makes sides ready for a task, whose sizes it returns. */
export async function begin(name: keyof typeof tasks, names: readonly string[]): Promise<Task> {
  const task = tasks[name];
  batches = batchesOf(task, BATCHES);
  for (const side of names) running.set(side, { side: await sides[side]!(task), steps: 0 });
  return task;
}

/** So many steps of a side. */
export async function run(name: string, count: number): Promise<readonly TimedStep[]> {
  const own = running.get(name)!;
  const results: TimedStep[] = [];
  for (let index = 0; index < count; index++) {
    const start = performance.now();
    const result = await own.side.step(batches[own.steps++ % BATCHES]!);
    results.push({ ...result, milliseconds: performance.now() - start });
  }
  return results;
}

export const facts = (name: string): Promise<Readonly<Record<string, number>>> => running.get(name)!.side.facts();

/** What computes, by its own words. */
export async function adapterName(): Promise<string> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('there is no WebGPU adapter');
  const { vendor, architecture, device, description } = adapter.info;
  return [vendor, architecture, device, description].filter((word) => word !== '').join(' ');
}
