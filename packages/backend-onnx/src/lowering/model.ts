/** ONNX graphs as bytes: the protobuf form, and a text form for snapshots. */

import type { DType } from '@attune/ir';
import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from '../generated/onnx_pb.js';
import type { AttributeValue, GraphPort, Initializer, OnnxGraph, OnnxNode } from './graph.js';

const OPSET = 21;
const IR_VERSION = 10n;

/** Who wrote a file, as the file says. */
export const PRODUCER = 'attune';

export const onnxType: Readonly<Record<DType | 'i64', TensorProto_DataType>> = {
  f32: TensorProto_DataType.FLOAT,
  f16: TensorProto_DataType.FLOAT16,
  bf16: TensorProto_DataType.BFLOAT16,
  i32: TensorProto_DataType.INT32,
  i64: TensorProto_DataType.INT64,
  u32: TensorProto_DataType.UINT32,
  u8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
};

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

/** The nodes as text, one a line; the body of a loop below its node. */
export function printGraph({ nodes }: OnnxGraph): string {
  return nodes
    .map(({ operator, domain, inputs, outputs, attributes }) => {
      const options = Object.entries(attributes).map(([name, value]) => `${name}=${printValue(value)}`);
      const label = domain === '' ? operator : `${domain}.${operator}`;
      return `${outputs.join(', ')} = ${label}(${inputs.join(', ')})${options.length > 0 ? ` {${options.join(', ')}}` : ''}`;
    })
    .join('\n');
}

function printValue(value: AttributeValue): string {
  if (typeof value !== 'object' || !('graph' in value)) return JSON.stringify(value);
  const { inputs, outputs } = value.graph;
  const names = (ports: readonly GraphPort[]) => ports.map(({ name }) => name).join(', ');
  const lines = [`(${names(inputs)}) =>`, ...printGraph(value.graph).split('\n'), `return ${names(outputs)}`];
  return lines.join('\n  ');
}
