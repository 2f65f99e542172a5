import type { Program, Value } from '@attune/ir';
import { eliminateDeadCode } from './dead-code.js';
import { rebuild } from './rebuild.js';

/** Computes equal ops (same definition, attributes and inputs) once. */
export function eliminateCommonSubexpressions(program: Program): Program {
  const seen = new Map<string, readonly Value[]>();
  return eliminateDeadCode(
    rebuild(program, (op, inputs) => {
      const key = `${op.definition.name}(${inputs.map((input) => input.id)})${JSON.stringify(op.attributes)}`;
      const known = seen.get(key);
      if (known) return known;
      const outputs = inputs[0]?.builder.apply(op.definition, inputs, op.attributes);
      if (outputs) seen.set(key, outputs);
      return outputs;
    }),
  );
}
