import { AttuneError, add, defineComposite, div, formatType, mul, sameType, sqrt, sub, type Value } from '@attune/ir';
import { samplesOf } from '@attune/ir/internal';

export type AdamwUpdateAttributes = { readonly beta1: number; readonly beta2: number };

/**
 * AdamW on scaled moments M = m / (1 - beta1), V = v / (1 - beta2), which saves two passes over every parameter:
 *
 *     M' = beta1 M + g,  V' = beta2 V + g g,  p' = decay p - rate M' / (sqrt(V') + epsilon)
 *
 * Inputs: parameter, gradient, M, V (one type), then the scalars rate, epsilon and, where there is weight decay,
 * decay. Outputs: p', M', V'. The bias corrections are in the scalars, see `adamwScalars`. 10 elementwise ops, 11 with
 * decay. It has no vjp of its own: optimizers are rarely differentiated, and its decomposition can be.
 */
export const adamwUpdateDefinition = defineComposite<'adamw_update', AdamwUpdateAttributes>({
  name: 'adamw_update',
  infer(inputs) {
    const [parameter, ...rest] = inputs;
    const scalar = parameter && { shape: [], dtype: parameter.dtype };
    const fits =
      parameter &&
      (inputs.length === 6 || inputs.length === 7) &&
      rest.every((input, index) => sameType(input, index < 3 ? parameter : scalar!));
    if (!fits) {
      throw new AttuneError(
        'E_SHAPE',
        `adamw_update takes four tensors of one type and two or three scalars, got (${inputs.map(formatType).join(', ')}).`,
        { field: 'adamw_update' },
      );
    }
    return [parameter, parameter, parameter];
  },
  decompose([parameter, gradient, moment, variance, rate, epsilon, decay], { beta1, beta2 }) {
    const nextMoment = add(mul(moment!, beta1), gradient!);
    const nextVariance = add(mul(variance!, beta2), mul(gradient!, gradient!));
    const update = mul(div(nextMoment, add(sqrt(nextVariance), epsilon!)), rate!);
    return [sub(decay ? mul(parameter!, decay) : parameter!, update), nextMoment, nextVariance];
  },
});

export const adamwUpdateSamples = () =>
  samplesOf<AdamwUpdateAttributes>(
    {
      name: 'with decay',
      inputs: [[2, 3], [2, 3], [2, 3], [2, 3], [], [], []],
      range: [0.1, 1],
      attributes: { beta1: 0.9, beta2: 0.99 },
    },
    {
      name: 'without decay',
      inputs: [[5], [5], [5], [5], [], []],
      range: [0.1, 1],
      attributes: { beta1: 0.9, beta2: 0.999 },
    },
    { name: 'scalar', inputs: [[], [], [], [], [], []], range: [0.1, 1], attributes: { beta1: 0, beta2: 0.5 } },
  );

export interface AdamwUpdateInputs {
  readonly parameter: Value;
  readonly gradient: Value;
  readonly moment: Value;
  readonly variance: Value;
  readonly rate: Value;
  readonly epsilon: Value;
  readonly decay?: Value | undefined;
}

export interface AdamwUpdateOutputs {
  readonly parameter: Value;
  readonly moment: Value;
  readonly variance: Value;
}

/** Appends the composite. */
export function adamwUpdate(inputs: AdamwUpdateInputs, attributes: AdamwUpdateAttributes): AdamwUpdateOutputs {
  const { parameter, gradient, moment, variance, rate, epsilon, decay } = inputs;
  const [nextParameter, nextMoment, nextVariance] = parameter.builder.apply(
    adamwUpdateDefinition,
    [parameter, gradient, moment, variance, rate, epsilon, ...(decay ? [decay] : [])],
    attributes,
  );
  return { parameter: nextParameter!, moment: nextMoment!, variance: nextVariance! };
}
