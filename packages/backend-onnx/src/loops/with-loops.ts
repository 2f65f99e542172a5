import { inline, type Program, ProgramBuilder } from '@attune/ir';
import { quantizedProduct } from './quantized-products.js';
import { byScan } from './scan.js';
import { vocabularyLosses } from './vocabulary-loss.js';

/** The program with what goes through sequences or matrices step by step as loops. */
export function withLoops(program: Program): Program {
  const builder = new ProgramBuilder(program.name);
  const inputs = program.inputs.map(({ name, value }) => builder.input(name, program.types[value]!));
  const loss = vocabularyLosses(program);
  const outputs = inline(builder, program, inputs, (op, operands) => {
    const { definition, attributes } = op;
    if (definition.kind !== 'composite') return undefined;
    return (
      definition.decomposeBy?.(byScan, operands, attributes) ?? quantizedProduct(op, operands) ?? loss(op, operands)
    );
  });
  return builder.finish(
    Object.fromEntries(program.outputs.map(({ name }, index) => [name, outputs[index]!])),
    program.aliases,
  );
}
