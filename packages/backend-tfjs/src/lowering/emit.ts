import { type Attributes, AttuneError, type Op } from '@attune/ir';
import { isHostDType } from '../dtypes.js';
import { compositeEmitters } from '../emitters/composites.js';
import type { Emit } from '../emitters/emitter.js';
import { emitOnHost } from '../emitters/host.js';
import { primitiveEmitters } from '../emitters/primitives.js';
import type { Lowering } from './lowering.js';

const emitters: Readonly<Record<string, Emit<Attributes>>> = { ...primitiveEmitters, ...compositeEmitters };

/** Ops on words that are made in one pass, not by their reference implementation. */
const ownWords: ReadonlySet<string> = new Set(['random_bits', 'dropout']);

/** Appends the steps of one op. @throws AttuneError `E_UNSUPPORTED_PROGRAM` */
export function emit(lowering: Lowering, op: Op): void {
  const { name } = op.definition;
  const emitter = emitters[name];
  if (!emitter) {
    throw new AttuneError('E_UNSUPPORTED_PROGRAM', `The TensorFlow.js backend has no kernel for ${name}.`, {
      field: name,
    });
  }
  const onHost = [...op.inputs, ...op.outputs].some((id) => isHostDType(lowering.type(id).dtype));
  if (onHost && !ownWords.has(name)) emitOnHost(lowering, op);
  else emitter(lowering, op, op.attributes);
}
