/** The models of a comparison: each method's best one is kept until it is known which method is recommended. */
import type { Storage } from '@attune/hub';
import { below, commitModel } from '@attune/hub/internal';
import type { TrainedMethod } from './method.js';
import { ascending } from './plan.js';
import { type Result, type Run, sameRun } from './result.js';

/** The model of the recommended method: its best seed on the largest sample that it was trained on. */
export interface DeliveredModel extends Run {
  /** Its directory in the output. */
  readonly directory: string;
}

const DIRECTORY = 'model';
const candidateOf = (method: string): string => `candidates/${encodeURIComponent(method)}`;

/** Keeps a model if no earlier one of its method is as good. @param before results of the comparison until now */
export async function keepCandidate(
  output: Storage,
  trained: TrainedMethod,
  result: Result,
  before: readonly Result[],
): Promise<void> {
  const best = bestOf([...before.filter((each) => !sameRun(each, result)), result], result.method);
  if (best && sameRun(best, result)) await trained.save?.(below(output, candidateOf(result.method)));
}

/** Puts the method's model in place; undefined if the method saves none. */
export async function deliver(
  output: Storage,
  method: string,
  results: readonly Result[],
): Promise<DeliveredModel | undefined> {
  const best = bestOf(results, method);
  const candidate = below(output, candidateOf(method));
  if (!best || !(await output.exists(candidateOf(method)))) return undefined;
  const target = below(output, DIRECTORY);
  await target.remove('');
  await commitModel(target, (draft) => copyAll(candidate, draft));
  return { directory: DIRECTORY, method, shots: best.shots, seed: best.seed };
}

/** The most accurate on the largest sample; of equals the first seed. */
function bestOf(results: readonly Result[], method: string): Result | undefined {
  const own = results.filter((each) => each.method === method);
  const largest = ascending(own.map(({ shots }) => shots)).at(-1);
  return own
    .filter(({ shots }) => shots === largest)
    .toSorted((one, other) => other.accuracy - one.accuracy || one.seed - other.seed)[0];
}

/** Bytes that are in memory at once. */
const PIECE = 2 ** 26;

async function copyAll(from: Storage, to: Storage): Promise<void> {
  for (const { name, kind } of await from.list('')) {
    if (kind === 'directory') {
      await to.makeDirectory(name);
      await copyAll(below(from, name), below(to, name));
      continue;
    }
    const writer = await to.create(name);
    const size = await from.size(name);
    for (let start = 0; start < size; start += PIECE) {
      await writer.write(await from.read(name, { start, end: Math.min(start + PIECE, size) }));
    }
    await writer.close();
  }
}
