/** EWC against what the earlier task of a model needs. */
import type { Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import { AttuneError, type HostTensor, sameShape } from '@attune/ir';
import type { LoadedModel } from '@attune/models';
import { ewc } from '@attune/strategies';
import * as z from 'zod/mini';
import type { EarlierTask } from './forgetting.js';

const schema = z.strictObject({
  /** How much the earlier task counts; 0.1 by default, as for `l2Sp`, since Fisher values are scaled to a mean of 1. */
  strength: z._default(z.number().check(z.nonnegative()), 0.1),
  /** Examples of the earlier task that the Fisher values are estimated from; 200 by default. */
  examples: z._default(z.int().check(z.positive()), 200),
});

export type ConsolidationOptions = z.input<typeof schema>;

/** The names of its options. */
export const consolidationOptionNames: readonly string[] = Object.keys(schema.shape);

/** @throws AttuneError `E_CONFIG` */
export const parseConsolidationOptions = (options: unknown) => parseOptions(schema, options, 'ewc');

/**
 * `ewc` for a model that starts from where `earlier` was measured. Fisher values are scaled to a mean of 1, so that strengths
 * mean about the same for every task and compare with those of `l2Sp`.
 * @throws AttuneError `E_CONFIG` for wrong options, `E_STRATEGY` if the model has none of the parameters
 */
export async function consolidation(
  earlier: EarlierTask,
  { weights }: Pick<LoadedModel, 'weights'>,
  options: ConsolidationOptions = {},
): Promise<Strategy> {
  const { strength, examples } = parseConsolidationOptions(options);
  const own = [...(await earlier.fisher(examples))].filter(([name, { type }]) => {
    const shape = weights.get(name)?.type.shape;
    return shape && sameShape(shape, type.shape);
  });
  if (own.length === 0) {
    const message = 'The model has no parameter of the model that the earlier task was measured with.';
    throw new AttuneError('E_STRATEGY', message, { field: 'strategy' });
  }
  return ewc({ strength, fisher: new Map(atMeanOne(own)) });
}

function atMeanOne(values: readonly (readonly [string, HostTensor])[]): readonly (readonly [string, HostTensor])[] {
  let [sum, count] = [0, 0];
  for (const [, { data }] of values) {
    for (const value of data) sum += value;
    count += data.length;
  }
  const scale = sum > 0 ? count / sum : 1;
  return values.map(([name, { type, data }]) => [
    name,
    { type, data: Float32Array.from(data, (value) => value * scale) },
  ]);
}
