import { AttuneError, gelu, geluTanh, relu, silu, tanh, type Value } from '@attune/ir';

const activations: Readonly<Record<string, (x: Value) => Value>> = {
  gelu,
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  relu,
  silu,
  swish: silu,
  tanh,
};

/** An activation by its Hugging Face name (`hidden_act`). @throws AttuneError `E_MODEL_UNSUPPORTED` */
export function activation(name: string): (x: Value) => Value {
  const found = activations[name];
  if (found) return found;
  throw new AttuneError('E_MODEL_UNSUPPORTED', `hidden_act is "${name}"; known are ${Object.keys(activations).join(', ')}.`, {
    field: 'hidden_act',
  });
}
