import { elementCount, type HostTensor, interpret, ProgramBuilder, type TensorType, type Value } from '@attune/ir';
import { gaussian, uniformUnit } from './random.js';

/** How a parameter starts when no file holds it. */
export type Initializer =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly standardDeviation: number }
  /** Uniform in [-bound, bound]. */
  | { readonly kind: 'uniform'; readonly bound: number };

/** The initial value of a parameter: a function of the seed and the parameter's name only. */
export function initialize(initializer: Initializer, type: TensorType, seed: number, name: string): HostTensor {
  const count = elementCount(type.shape);
  switch (initializer.kind) {
    case 'constant':
      return { type, data: new Float32Array(count).fill(initializer.value) };
    case 'normal':
      return { type, data: gaussian(count, seed, name).map((x) => x * initializer.standardDeviation) };
    case 'uniform':
      return { type, data: uniformUnit(count, seed, name).map((x) => (2 * x - 1) * initializer.bound) };
  }
}

/** How a parameter starts from the values that others start with, such as its layer's weight. */
export interface Derivation {
  /** Their full names. */
  readonly from: readonly string[];
  readonly compute: (values: readonly Value[]) => Value;
}

/** The same, by a computation on the host that is loaded if it is needed, such as the decomposition of a matrix. */
export interface HostDerivation {
  /** Their full names; packed ones come in full precision. */
  readonly from: readonly string[];
  readonly load: () => Promise<(values: readonly HostTensor[]) => HostTensor>;
}

/** The initial value by a derivation, in float64. @param values of the parameters that it names */
export function derive({ compute }: Derivation, values: readonly HostTensor[]): HostTensor {
  const builder = new ProgramBuilder('derivation');
  const inputs = values.map(({ type }, index) => builder.input(`from/${index}`, type));
  return interpret(builder.finish({ value: compute(inputs) }), values)[0]!;
}

/** torch.nn.init.kaiming_uniform_(a=sqrt(5)) of a [out, in] matrix, as PEFT starts lora_A. */
export const kaimingUniform = (fanIn: number): Initializer => ({ kind: 'uniform', bound: 1 / Math.sqrt(fanIn) });
