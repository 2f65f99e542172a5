import type { Capabilities, Op, Program } from '@attune/ir';
import { rebuild } from './rebuild.js';

export interface FusionOptions {
  /** True for a program that is to be differentiated: the device must claim the gradient of a fusion as well. */
  readonly differentiated?: boolean;
}

/**
 * Decomposes the fusions (composites with a `gradient`) that the device does not claim. It comes before differentiation,
 * since the vjp of a decomposition keeps what the fused gradient would compute again, and before `narrow`, which sees more in
 * primitives; all other composites wait for `legalize`.
 */
export function unfuse(program: Program, capabilities: Capabilities, options: FusionOptions = {}): Program {
  return rebuild(program, ({ definition, attributes }, inputs) =>
    definition.kind === 'composite' && definition.gradient !== undefined && !claims(definition, capabilities, options)
      ? definition.decompose(inputs, attributes)
      : undefined,
  );
}

/** Whether the device runs a fusion, and its gradient where the program is to be differentiated. */
export function claims(
  { name, gradient }: Pick<Extract<Op['definition'], { kind: 'composite' }>, 'name' | 'gradient'>,
  { composites }: Capabilities,
  { differentiated = false }: FusionOptions,
): boolean {
  return composites.has(name) && (!differentiated || gradient === undefined || composites.has(gradient));
}
