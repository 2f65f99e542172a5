/** Runs the steps of texts: at once where all patterns are inline, in rounds with a worker where they are not. */
import { AttuneError } from '@attune/ir';
import type { Budget } from './budget.js';
import type { PatternWorker } from './pattern-worker.js';
import type { Matches, MatchRequest, Pattern, Steps } from './patterns.js';

/** @throws AttuneError `E_TOKENIZER_BUDGET` where a step asks for a pattern that may not run here */
export function runInline<T>(steps: Steps<T>, file: string): T {
  const result = steps.next();
  if (result.done) return result.value;
  const { field } = result.value.pattern;
  throw new AttuneError('E_TOKENIZER_BUDGET', `${file}: ${field} is not a known pattern and runs in a worker only.`, {
    file,
    field,
    hint: 'Use the asynchronous encode in place of encodeText.',
  });
}

/** Texts wait for each other: a round asks the worker once for each pattern. */
export async function runInRounds<T>(all: readonly Steps<T>[], worker: PatternWorker, budget: Budget): Promise<T[]> {
  let states = all.map((steps) => ({ steps, result: steps.next() }));
  for (;;) {
    const requests = states.map(({ result }) => (result.done ? undefined : result.value));
    if (requests.every((request) => request === undefined)) break;
    const answers = await answerAll(requests, worker, budget);
    states = states.map(({ steps, result }, index) => ({
      steps,
      result: result.done ? result : steps.next(answers[index]!),
    }));
  }
  return states.flatMap(({ result }) => (result.done ? [result.value] : []));
}

async function answerAll(
  requests: readonly (MatchRequest | undefined)[],
  worker: PatternWorker,
  budget: Budget,
): Promise<readonly (readonly Matches[])[]> {
  const answers: (readonly Matches[])[] = requests.map(() => []);
  const indicesOf = new Map<Pattern, number[]>();
  for (const [index, request] of requests.entries()) {
    if (!request) continue;
    const indices = indicesOf.get(request.pattern);
    if (indices) indices.push(index);
    else indicesOf.set(request.pattern, [index]);
  }
  for (const [pattern, indices] of indicesOf) {
    const found = await worker.matches({ pattern, texts: indices.flatMap((index) => requests[index]!.texts) }, budget);
    let position = 0;
    for (const index of indices) {
      const count = requests[index]!.texts.length;
      answers[index] = found.slice(position, position + count);
      position += count;
    }
  }
  return answers;
}
