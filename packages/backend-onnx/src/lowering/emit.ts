import { type Attributes, AttuneError, type Op, type ValueId } from '@attune/ir';
import { compositeEmitters } from '../emitters/composites.js';
import type { Emit } from '../emitters/emitter.js';
import { emitNormalFloatMatmul } from '../emitters/normal-float-matmul.js';
import { primitiveEmitters } from '../emitters/primitives.js';
import { emitScan } from '../emitters/scan.js';
import { normalFloatMatmulDefinition } from '../loops/quantized-products.js';
import { scanDefinition } from '../loops/scan.js';
import type { Lowering } from './lowering.js';

const emitters: Readonly<Record<string, Emit<Attributes>>> = {
  ...primitiveEmitters,
  ...compositeEmitters,
  [scanDefinition.name]: emitScan,
  [normalFloatMatmulDefinition.name]: emitNormalFloatMatmul,
};

/** Appends the nodes of one op. @throws AttuneError `E_UNSUPPORTED_PROGRAM` */
export function emit(lowering: Lowering, op: Op): void {
  const emitter = emitters[op.definition.name];
  if (!emitter) {
    throw new AttuneError('E_UNSUPPORTED_PROGRAM', `The ONNX backend has no operator for ${op.definition.name}.`);
  }
  emitter(lowering, op, op.attributes);
}

/** Lets a value be an output of the graph. */
export function emitOutput(lowering: Lowering, id: ValueId, name: string): void {
  const inputs = [lowering.full(id)];
  lowering.graph.nodes.push({ operator: 'Identity', domain: '', inputs, outputs: [name], attributes: {} });
}

/** ONNX has one name space for inputs and outputs, programs have two. */
export const outputName = (name: string): string => `out:${name}`;
