import {
  AttuneError,
  clamp,
  gelu,
  geluTanh,
  greater,
  logistic,
  mul,
  relu,
  select,
  silu,
  softplus,
  tanh,
  type Value,
} from '@attune/ir';
import { nearest } from '../nearest.js';

type Activation = (x: Value) => Value;

/** transformers' ACT2FN, under its names. */
const activations: Readonly<Record<string, Activation>> = {
  gelu,
  gelu_python: gelu,
  gelu_10: (x) => clamp(gelu(x), -10, 10),
  gelu_new: geluTanh,
  gelu_fast: geluTanh,
  gelu_accurate: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  gelu_python_tanh: geluTanh,
  quick_gelu: (x) => mul(x, logistic(mul(x, 1.702))),
  leaky_relu: (x) => select(greater(x, 0), x, mul(x, 0.01)),
  linear: (x) => x,
  mish: (x) => mul(x, tanh(softplus(x))),
  relu,
  relu2: (x) => mul(relu(x), relu(x)),
  relu6: (x) => clamp(x, 0, 6),
  sigmoid: logistic,
  silu,
  swish: silu,
  tanh,
};

/**
 * An activation by its Hugging Face name (`hidden_act`).
 * @param file the configuration that names it
 * @throws AttuneError `E_MODEL_UNSUPPORTED` that suggests the nearest name
 */
export function activation(name: string, file?: string): Activation {
  const found = Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (found) return found;
  const names = Object.keys(activations);
  const suggestion = nearest(name, names);
  throw new AttuneError(
    'E_MODEL_UNSUPPORTED',
    `${file === undefined ? 'The activation' : `${file}: hidden_act`} is "${name}"; known are ${names.join(', ')}.`,
    {
      ...(file === undefined ? {} : { file }),
      field: 'hidden_act',
      ...(suggestion ? { hint: `Did you mean "${suggestion}"?` } : {}),
    },
  );
}
