import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { PRODUCER } from '../lowering/model.js';

/** Bytes at the start of a file that tell whether it is an exported graph. */
export const EXPORT_HEAD_BYTES = 64;

/** Whether a file is a graph that `encodeModel` wrote. @param head the first `EXPORT_HEAD_BYTES` of the file, or all of it */
export function isExportedGraph(head: Uint8Array): boolean {
  const reader = new BinaryReader(head);
  try {
    if (!isField(reader.tag(), IR_VERSION_FIELD, WireType.Varint)) return false;
    reader.uint64();
    return isField(reader.tag(), PRODUCER_FIELD, WireType.LengthDelimited) && reader.string() === PRODUCER;
  } catch {
    // Not protobuf, or cut off.
    return false;
  }
}

/** Numbers of fields in ONNX' ModelProto. */
const IR_VERSION_FIELD = 1;
const PRODUCER_FIELD = 2;

const isField = ([number, type]: readonly [number, WireType], wanted: number, wire: WireType): boolean =>
  number === wanted && type === wire;
