/** ONNX graphs as bytes, in their protobuf form. Loaded when the first program is compiled, as its library takes a while. */

import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from '../generated/onnx_pb.js';
import type { AttributeValue, GraphPort, Initializer, OnnxGraph, OnnxNode } from './graph.js';
import { onnxType } from './onnx-type.js';

const OPSET = 21;
const IR_VERSION = 10n;

/** Who wrote a file, as the file says. */
export const PRODUCER = 'attune';

export interface EncodeOptions {
  /** The name of an empty sequence that becomes the first output; none where absent. */
  readonly sequenceOutput?: string;
}

/** The graph as an ONNX ModelProto. Weights are part of it, so it must stay below 2 GB. */
export function encodeModel(graph: OnnxGraph, { sequenceOutput }: EncodeOptions = {}): Uint8Array {
  const sequences = sequenceOutput === undefined ? [] : [sequenceOutput];
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: PRODUCER,
    opsetImport: [
      { domain: '', version: BigInt(OPSET) },
      { domain: 'com.microsoft', version: 1n },
    ],
    graph: encodeGraph(graph, sequences),
  });
  return toBinary(ModelProtoSchema, model);
}

function encodeGraph(graph: OnnxGraph, sequences: readonly string[] = []): GraphProto {
  return create(GraphProtoSchema, {
    name: graph.name,
    node: [...sequences.map(emptySequence), ...graph.nodes].map(encodeNode),
    initializer: graph.initializers.map(encodeInitializer),
    input: graph.inputs.map(encodePort),
    output: [...sequences.map(encodeSequence), ...graph.outputs.map(encodePort)],
  });
}

function encodeNode({ operator, domain, inputs, outputs, attributes }: OnnxNode) {
  return create(NodeProtoSchema, {
    opType: operator,
    domain,
    name: outputs[0] ?? '',
    input: [...inputs],
    output: [...outputs],
    attribute: Object.entries(attributes).map(([name, value]) => encodeAttribute(name, value)),
  });
}

function encodeAttribute(name: string, value: AttributeValue) {
  if (typeof value === 'number') {
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) });
  }
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.STRING,
      s: new TextEncoder().encode(value),
    });
  }
  if ('float' in value) {
    return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.FLOAT, f: value.float });
  }
  if ('graph' in value) {
    return create(AttributeProtoSchema, {
      name,
      type: AttributeProto_AttributeType.GRAPH,
      g: encodeGraph(value.graph),
    });
  }
  return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) });
}

function encodeInitializer({ name, shape, dtype, data }: Initializer) {
  return create(TensorProtoSchema, {
    name,
    dims: shape.map(BigInt),
    dataType: onnxType[dtype],
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(),
  });
}

function encodePort({ name, type, dtype, dimensions = type.shape }: GraphPort) {
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: 'tensorType',
        value: {
          elemType: onnxType[dtype ?? type.dtype],
          shape: { dim: dimensions.map((size) => ({ value: encodeDimension(size) })) },
        },
      },
    },
  });
}

const encodeDimension = (size: number | string) =>
  typeof size === 'number'
    ? { case: 'dimValue' as const, value: BigInt(size) }
    : { case: 'dimParam' as const, value: size };

const emptySequence = (name: string): OnnxNode => ({
  operator: 'SequenceEmpty',
  domain: '',
  inputs: [],
  outputs: [name],
  attributes: {},
});

function encodeSequence(name: string) {
  const elemType = { value: { case: 'tensorType' as const, value: { elemType: onnxType.f32 } } };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'sequenceType', value: { elemType } } } });
}
