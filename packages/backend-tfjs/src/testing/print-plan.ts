import { formatType } from '@attune/ir';
import type { Plan, Step } from '../lowering/plan.js';

/** A plan as text, one step a line. */
export function printPlan({ slots, constants, steps, inputs, outputs }: Plan): string {
  const slot = (id: number) => `%${id}`;
  const typed = (id: number) => `${slot(id)}: ${formatType(slots[id]!.type)}`;
  const lines = constants.map(
    ({ slot: id, tensor: { data } }) => `  ${typed(id)} = constant [${data.slice(0, 8).join(', ')}]`,
  );
  const work = steps.map(
    (step) =>
      `  ${step.outputs.map(typed).join(', ')} = ${nameOf(step)}(${step.inputs.map(slot).join(', ')})${attributesOf(step)}`,
  );
  return [
    `plan (${inputs.map(typed).join(', ')}) {`,
    ...lines,
    ...work,
    `  return ${outputs.map(slot).join(', ')}`,
    '}',
  ].join('\n');
}

function nameOf(step: Step): string {
  switch (step.kind) {
    case 'kernel':
      return step.kernel;
    case 'native':
      return `tensorflow:${step.operator}`;
    case 'host':
      return `host:${step.name}`;
    default:
      return step.kind;
  }
}

function attributesOf(step: Step): string {
  const attributes =
    step.kind === 'kernel'
      ? Object.entries(step.attributes)
      : step.kind === 'concat'
        ? [['axis', step.axis]]
        : step.kind === 'native'
          ? step.attributes.map(({ name, value }) => [name, value])
          : [];
  const texts = attributes.map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return texts.length === 0 ? '' : ` {${texts.join(', ')}}`;
}
