/**
 * Composites that the backend decomposes in its own way. Claiming them tells the passes before it that their gradients
 * shall be computed again from statistics, and that no scores and logits have to be kept.
 */
import {
  attentionDefinition,
  attentionGradientDefinition,
  linearCrossEntropyDefinition,
  linearCrossEntropyGradientDefinition,
  type Op,
  recurrentNames,
  type Value,
} from '@attune/ir';
import { isOp } from '../schedule/op.js';
import { attentionGradientInParts, attentionInParts } from './attention.js';
import { linearCrossEntropyGradientInParts, linearCrossEntropyInParts } from './linear-cross-entropy.js';
import { bySharedKernels } from './recurrence.js';

const inParts = [
  attentionDefinition,
  attentionGradientDefinition,
  linearCrossEntropyDefinition,
  linearCrossEntropyGradientDefinition,
];

export const claimedComposites: ReadonlySet<string> = new Set([
  ...inParts.map(({ name }) => name),
  ...recurrentNames,
  // By its name: the definition comes with the programs that have packed weights.
  'quantized_matmul',
]);

/** @param partBytes memory for scores, logits or weights at a time */
export function decomposeClaimed(op: Op, inputs: readonly Value[], partBytes: number): readonly Value[] | undefined {
  const { definition } = op;
  if (definition.kind === 'composite' && definition.decomposeBy)
    return definition.decomposeBy(bySharedKernels, inputs, op.attributes);
  if (definition.kind === 'composite' && definition.decomposeInParts)
    return definition.decomposeInParts(inputs, op.attributes, partBytes);
  if (isOp(op, attentionDefinition)) return attentionInParts(inputs, op.attributes, partBytes);
  if (isOp(op, attentionGradientDefinition)) return attentionGradientInParts(inputs, op.attributes, partBytes);
  if (isOp(op, linearCrossEntropyDefinition)) return linearCrossEntropyInParts(inputs, op.attributes, partBytes);
  return isOp(op, linearCrossEntropyGradientDefinition)
    ? linearCrossEntropyGradientInParts(inputs, partBytes)
    : undefined;
}
