import type { Attributes, Program, Value } from '@attune/ir';
import { eliminateDeadCode } from './dead-code.js';
import { rebuild } from './rebuild.js';

/** Computes equal ops (same definition, attributes and inputs) once. */
export function eliminateCommonSubexpressions(program: Program): Program {
  const seen = new Map<string, readonly Value[]>();
  return eliminateDeadCode(
    rebuild(program, (op, inputs) => {
      const key = `${op.definition.name}(${inputs.map((input) => input.id)})${attributesKey(op.attributes)}`;
      const known = seen.get(key);
      if (known) return known;
      const outputs = inputs[0]?.builder.apply(op.definition, inputs, op.attributes);
      if (outputs) seen.set(key, outputs);
      return outputs;
    }),
  );
}

/** JSON, with the numbers that JSON does not know kept apart. */
const attributesKey = (attributes: Attributes): string =>
  JSON.stringify(attributes, (_, value: unknown) =>
    typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
      ? `#${Object.is(value, -0) ? '-0' : value}`
      : value,
  );
