/** Composites that stock ONNX Runtime has as one operator; all others are decomposed. */
import type { Op } from '@attune/ir';
import type { composites } from '@attune/ir/internal';
import type { Lowering } from '../lowering/lowering.js';
import { elementwise } from './elementwise.js';
import type { Emit } from './emitter.js';

type AttributesOfComposite<Name extends keyof typeof composites> = Parameters<(typeof composites)[Name]['infer']>[1];

type CompositeEmitters = { readonly [Name in keyof typeof composites]?: Emit<AttributesOfComposite<Name>> };

const alongAxis =
  (operator: string) =>
  (lowering: Lowering, op: Op, { axis }: { readonly axis: number }): void => {
    lowering.outputs(op, lowering.graph.node(operator, [lowering.full(op.inputs[0]!)], { axis }));
  };

export const compositeEmitters = {
  /** A reshape whose shape is made of empty parts of the shapes of what it waits for: ONNX Runtime chooses the order of nodes. */
  after(lowering, { inputs: [x, ...others], outputs: [output] }) {
    const { graph } = lowering;
    const { name, shape } = lowering.held(x!);
    const empty = others.map((id) => graph.node('Shape', [lowering.held(id).name], { start: 0, end: 0 })[0]);
    const [whole] = graph.node('Concat', [...empty, graph.integers(shape)], { axis: 0 });
    lowering.hold(output!, graph.node('Reshape', [name, whole])[0], shape);
  },
  gelu: elementwise('Gelu'),
  layer_norm(lowering, op, { epsilon }) {
    const inputs = op.inputs.map((id) => lowering.full(id));
    const attributes = { axis: -1, epsilon: { float: epsilon } };
    lowering.outputs(op, lowering.graph.node('LayerNormalization', inputs, attributes, { outputs: 3 }));
  },
  log_softmax: alongAxis('LogSoftmax'),
  softmax: alongAxis('Softmax'),
} as const satisfies CompositeEmitters;

export const nativeComposites: ReadonlySet<string> = new Set(Object.keys(compositeEmitters));
