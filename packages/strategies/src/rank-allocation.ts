/**
 * AdaLoRA's budget (Zhang et al. 2023, arXiv 2303.10512, section 3.3), as PEFT's RankAllocator has it: behind each step the
 * triplets of all layers are ranked by their importance, and the singular values of the least important ones become 0.
 */
import type { AfterUpdate, StateSlot, Values } from '@attune/core';
import { namedValue } from '@attune/core';
import {
  abs,
  add,
  and,
  cast,
  concat,
  dynamicSliceAxis,
  greater,
  greaterEqual,
  hostTensor,
  less,
  maximum,
  mean,
  minimum,
  mul,
  or,
  reshape,
  select,
  sort,
  sub,
  tensorType,
  type Value,
} from '@attune/ir';

/** The names of a layer's matrices [r, in] and [out, r], and of its singular values [r, 1]. */
export interface Triplets {
  readonly a: string;
  readonly b: string;
  readonly e: string;
}

export interface RankBudget {
  readonly initR: number;
  readonly targetR: number;
  readonly tinit: number;
  readonly tfinal: number;
  readonly deltaT: number;
  readonly beta1: number;
  readonly beta2: number;
}

/**
 * How many triplets of all layers are 0 behind each step of the budget's phase, the last step of which is
 * `totalStep - tfinal`; 0 for steps that choose none.
 */
export function removedTriplets(
  { initR, targetR, tinit, tfinal, deltaT }: RankBudget,
  totalStep: number,
  layers: number,
) {
  const [most, least, last] = [initR * layers, targetR * layers, totalStep - tfinal];
  return Array.from({ length: last + 1 }, (_, step) => {
    if (step < last && (step <= tinit || step % deltaT !== 0)) return 0;
    return most - Math.trunc((most - least) * (1 - (step - tinit) / (last - tinit)) ** 3 + least);
  });
}

/** @param layers whose shapes `types` has, by the names of their parameters */
export function rankAllocation(
  layers: readonly Triplets[],
  shapeOf: (name: string) => readonly number[],
  budget: RankBudget,
  totalStep: number,
): AfterUpdate {
  const names = layers.flatMap(({ a, b, e }) => [a, b, e]);
  const zero = (name: string): StateSlot => ({ type: tensorType([...shapeOf(name)]), initial: 0 });
  const removed = removedTriplets(budget, totalStep, layers.length);
  const last = removed.length - 1;
  const { beta1, beta2, initR } = budget;
  return {
    slots: Object.fromEntries([
      ...names.flatMap((name) => [
        [`sensitivity/${name}`, zero(name)] as const,
        [`uncertainty/${name}`, zero(name)] as const,
      ]),
      ...layers.map(({ e }) => [`kept/${e}`, { type: tensorType([initR, 1]), initial: 1 }] as const),
    ]),
    apply({ parameters, gradients, state, step }) {
      if (!names.every((name) => name in parameters)) return { parameters: {}, state };
      const next: Record<string, Value> = {};
      const measures = less(step, last);
      const score = (name: string) => {
        const [sensitivity, uncertainty] = [`sensitivity/${name}`, `uncertainty/${name}`];
        const importance = abs(mul(namedValue(parameters, name), namedValue(gradients, name)));
        const smoothed = average(namedValue(state, sensitivity), importance, beta1);
        const spread = average(namedValue(state, uncertainty), abs(sub(importance, smoothed)), beta2);
        next[sensitivity] = select(measures, smoothed, namedValue(state, sensitivity));
        next[uncertainty] = select(measures, spread, namedValue(state, uncertainty));
        return mul(next[sensitivity], next[uncertainty]);
      };
      const scores = layers.map(({ a, b, e }) =>
        add(reshape(score(e), [initR]), add(mean(score(a), { axes: [1] }), mean(score(b), { axes: [0] }))),
      );
      const table = step.builder.constant(hostTensor([removed.length], removed, 'i32'));
      const count = reshape(dynamicSliceAxis(table, 0, minimum(step, last), 1), []);
      const sorted = sort(concat([scores[0]!, ...scores.slice(1)], 0)).values;
      const threshold = dynamicSliceAxis(sorted, 0, maximum(sub(count, 1), 0), 1);
      const chooses = and(greater(count, 0), less(step, last + 1));
      const masks = or(chooses, greaterEqual(step, last));
      const changed: Record<string, Value> = {};
      for (const [index, { e }] of layers.entries()) {
        const kept = `kept/${e}`;
        const now = reshape(cast(greater(scores[index]!, threshold), 'f32'), [initR, 1]);
        next[kept] = select(chooses, now, namedValue(state, kept));
        const values = namedValue(parameters, e);
        changed[e] = select(masks, mul(values, next[kept]), values);
      }
      return { parameters: changed, state: next satisfies Values };
    },
  };
}

const average = (before: Value, now: Value, decay: number): Value => add(mul(before, decay), mul(now, 1 - decay));
