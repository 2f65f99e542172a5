/** Composites that run otherwise than by their decomposition. */
import type { SoftmaxAttributes } from '@attune/ir';
import type { composites } from '@attune/ir/internal';
import type { Emit } from './emitter.js';
import { emitDropout } from './random.js';

type AttributesOfComposite<Name extends keyof typeof composites> = Parameters<(typeof composites)[Name]['infer']>[1];

type CompositeEmitters = { readonly [Name in keyof typeof composites]?: Emit<AttributesOfComposite<Name>> };

/** Softmax of the last axis; another one is moved there and back. */
const emitSoftmax: Emit<SoftmaxAttributes> = (lowering, op, { axis }) => {
  const { plan } = lowering;
  const { shape } = lowering.type(op.inputs[0]!);
  const last = shape.length - 1;
  const swap = shape.map((_, index) => (index === axis ? last : index === last ? axis : index));
  const logits = plan.transposed(lowering.full(op.inputs[0]!), swap);
  const dim = plan.type(logits).shape.length - 1;
  const softmax = plan.kernel('Softmax', { logits }, { dim }, plan.type(logits));
  lowering.hold(op.outputs[0]!, plan.transposed(softmax, swap));
};

export const compositeEmitters = {
  dropout: emitDropout,
  softmax: emitSoftmax,
} as const satisfies CompositeEmitters;

export const nativeComposites: ReadonlySet<string> = new Set(Object.keys(compositeEmitters));
