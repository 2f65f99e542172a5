import type { Capabilities, Program } from '@attune/ir';
import { rebuild } from './rebuild.js';

/** Decomposes the composites that the device does not claim, until only primitives and claimed composites are left. */
export function legalize(program: Program, capabilities: Capabilities): Program {
  const foreign = (name: string) => !capabilities.composites.has(name);
  let current = program;
  while (current.ops.some((op) => op.definition.kind === 'composite' && foreign(op.definition.name))) {
    current = rebuild(current, (op, inputs) =>
      op.definition.kind === 'composite' && foreign(op.definition.name)
        ? op.definition.decompose(inputs, op.attributes)
        : undefined,
    );
  }
  return current;
}
