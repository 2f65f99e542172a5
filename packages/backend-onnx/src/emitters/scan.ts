import type { ScanAttributes } from '../loops/scan.js';
import { emit, emitOutput } from '../lowering/emit.js';
import { GraphBuilder, type GraphPort } from '../lowering/graph.js';
import { Lowering } from '../lowering/lowering.js';
import { withoutCopies } from '../lowering/without-copies.js';
import type { Emit } from './emitter.js';

/** A node whose body has tensors of its own, and takes what all steps share from around it. */
export const emitScan: Emit<ScanAttributes> = (lowering, op, { body, states, sequences, backward }) => {
  const { graph } = lowering;
  const prefix = `${op.outputs[0]}.`;
  const moving = states + sequences;
  const given = body.inputs.map(({ name, value }, index) => {
    const held =
      index < moving ? { name: `${prefix}${name}`, shape: body.types[value]!.shape } : lowering.held(op.inputs[index]!);
    return [name, held] as const;
  });
  const inside = new Lowering(body, { graph: new GraphBuilder(prefix), given: new Map(given) });
  for (const each of body.ops) emit(inside, each);
  const port = (name: string, value: number): GraphPort => ({ name, port: name, type: body.types[value]! });
  const outputs = body.outputs.map(({ name, value }) => {
    emitOutput(inside, value, `${prefix}out:${name}`);
    return port(`${prefix}out:${name}`, value);
  });
  const inputs = given.slice(0, moving).map(([, { name }], index) => port(name, body.inputs[index]!.value));
  const { nodes, initializers } = inside.graph;
  const step = { name: body.name, inputs, outputs, initializers, nodes: withoutCopies(nodes, inputs) };
  const directions = (count: number) => new Array<number>(count).fill(Number(backward));
  const names = graph.node(
    'Scan',
    op.inputs.slice(0, moving).map((id) => lowering.full(id)),
    {
      body: { graph: step },
      num_scan_inputs: sequences,
      scan_input_directions: directions(sequences),
      scan_output_directions: directions(outputs.length - states),
    },
    { outputs: outputs.length },
  );
  lowering.outputs(op, names);
};
