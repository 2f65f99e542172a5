/** Logits that linear_cross_entropy and its gradient make from hidden states. */
import type { Value } from '../builder.js';
import { project } from '../functions/products.js';
import { add } from '../primitives/add.js';
import { expectDType, expectFloat, shapeError } from '../shape.js';
import { sameShape, type TensorType } from '../tensor.js';

/** The shape rule of hidden, weight, labels and bias. @throws AttuneError `E_SHAPE` */
export function expectLinearLogits(op: string, inputs: readonly TensorType[], bias: TensorType | undefined): void {
  const [hidden, weight, labels] = inputs;
  if (!hidden || !weight || !labels) throw shapeError(op, 'takes hidden, weight and labels', inputs);
  const floating = [hidden, weight, ...(bias ? [bias] : [])];
  expectFloat(op, floating);
  expectDType(op, labels, ['i32'], inputs);
  const fits =
    hidden.shape.length === 2 &&
    weight.shape.length === 2 &&
    hidden.shape[1] === weight.shape[1] &&
    sameShape(labels.shape, hidden.shape.slice(0, 1)) &&
    (!bias || sameShape(bias.shape, weight.shape.slice(0, 1))) &&
    floating.every(({ dtype }) => dtype === hidden.dtype);
  if (!fits) {
    throw shapeError(op, 'takes hidden [rows, width], weight [classes, width], labels [rows], bias [classes]', inputs);
  }
}

/** hidden weight^T + bias: [rows, classes]. */
export function linearLogits(hidden: Value, weight: Value, bias: Value | undefined): Value {
  const products = project(hidden, weight);
  return bias ? add(products, bias) : products;
}
