import type { QuantizedMatmulAttributes } from '@attune/ir';
import type { Emit } from './emitter.js';

const NF4 = 1;

/** The operator's K and N are width and rows; of its CPU kernel only `transB` 1 computes what it says. */
export const emitNormalFloatMatmul: Emit<QuantizedMatmulAttributes> = (lowering, op, { shape, block }) => {
  const [rows, width] = shape;
  const attributes = { K: width, N: rows, block_size: block, quant_type: NF4, transB: 1, training_mode: 0 };
  const inputs = op.inputs.map((id) => lowering.full(id));
  lowering.outputs(op, lowering.graph.node('MatMulBnb4', inputs, attributes, { domain: 'com.microsoft' }));
};
