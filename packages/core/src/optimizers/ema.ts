/** Running averages of weights (EMA, SWA), as torch.optim.swa_utils.AveragedModel keeps them. */
import {
  add,
  div,
  equal,
  minimum,
  mul,
  type Program,
  ProgramBuilder,
  select,
  sub,
  tensorType,
  type Value,
} from '@attune/ir';
import * as z from 'zod/mini';
import { fraction } from '../fields.js';
import { parseOptions } from '../parse-options.js';
import { averageName } from '../port-names.js';
import type { ParameterSpec } from '../scope.js';

const schema = z.strictObject({
  /** `ema`: avg = decay avg + (1 - decay) w. `swa`: the equal average of all updates. */
  kind: z._default(z.enum(['ema', 'swa']), 'ema'),
  /** Of `ema`. */
  decay: z._default(fraction, 0.999),
  /** Of `ema`: the decay of update t, from 0 after the copy, is min(decay, (1 + t) / (10 + t)). */
  warmup: z._default(z.boolean(), false),
});

export type AveragingOptions = z.input<typeof schema>;

/** Input: how many updates the averages have seen, f32, 0 before the first, which copies the weights. */
export const AVERAGE_COUNT_INPUT = 'count';

/**
 * The program of one update. Inputs: `average/<name>` and `<name>` of every parameter, then `count`; outputs: the
 * averages, in place of the donated ones. Averages start as zeros.
 * @throws AttuneError `E_CONFIG` for wrong options
 */
export function averageStep(parameters: readonly ParameterSpec[], options: AveragingOptions = {}): Program {
  const parsed = parseOptions(schema, options, 'weight averaging');
  const builder = new ProgramBuilder(`${parsed.kind} of weights`);
  const averages = parameters.map(({ name, type }) => builder.input(averageName(name), type));
  const weights = parameters.map(({ name, type }) => builder.input(name, type));
  const count = builder.input(AVERAGE_COUNT_INPUT, tensorType([]));
  const share = select(equal(count, 0), 1, newShare(count, parsed));
  return builder.finish(
    Object.fromEntries(
      parameters.map(({ name }, index) => [
        averageName(name),
        add(averages[index]!, mul(sub(weights[index]!, averages[index]!), share)),
      ]),
    ),
    parameters.map((_, index) => ({ input: index, output: index })),
  );
}

/** The share of the new weights in the average, after the copy. */
function newShare(count: Value, { kind, decay, warmup }: z.output<typeof schema>): Value {
  if (kind === 'swa') return div(1, add(count, 1));
  if (!warmup) return count.builder.scalar(1 - decay);
  // With t = count - 1.
  return sub(1, minimum(div(count, add(count, 9)), decay));
}
