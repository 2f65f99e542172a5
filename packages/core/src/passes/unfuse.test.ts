import {
  attentionDefinition,
  attentionSamples,
  type Capabilities,
  type DType,
  interpret,
  isFloat,
  mul,
  type Program,
  ProgramBuilder,
  sum,
} from '@attune/ir';
import { composites, uniform } from '@attune/ir/internal';
import { describe, expect, it } from 'vitest';
import { grad } from '../autodiff.js';
import { unfuse } from './unfuse.js';

const claiming = (...names: readonly string[]): Capabilities => ({
  dtypes: new Set<DType>(['f32']),
  composites: new Set(names),
  maxBufferBytes: 2 ** 20,
});

const samples = attentionSamples();
const [sample] = samples;

/** sum(attention * weights) of a sample. */
function programOf({ inputs, attributes }: (typeof samples)[number]): Program {
  const builder = new ProgramBuilder('attention');
  const values = inputs.map(({ type }, index) => builder.input(`x${index}`, type));
  const [result] = builder.apply(attentionDefinition, values, attributes);
  return builder.finish({ loss: sum(mul(result!, builder.constant(uniform(result!.type.shape, [-1, 1], 5)))) });
}

const has = (program: Program, name: string) => program.ops.some(({ definition }) => definition.name === name);

describe('unfuse', () => {
  it('leaves fusions that the device claims, and with a gradient if they are to be differentiated', () => {
    const program = programOf(sample!);
    const differentiated = { differentiated: true };
    const forward = claiming('attention');
    expect(has(unfuse(program, claiming()), 'attention')).toBe(false);
    expect(has(unfuse(program, forward), 'attention')).toBe(true);
    expect(has(unfuse(program, forward, differentiated), 'attention')).toBe(false);
    const both = claiming('attention', 'attention_gradient');
    expect(has(unfuse(program, both, differentiated), 'attention')).toBe(true);
  });

  it('leaves all other composites to legalize', () => {
    expect(has(unfuse(programOf(sample!), claiming()), 'softmax')).toBe(true);
    const named = Object.values(composites).flatMap((each) => ('gradient' in each ? [each.gradient] : []));
    expect(Object.keys(composites)).toEqual(expect.arrayContaining(named));
  });

  it.each(samples)('gives the gradients of the fused op: $name', (each) => {
    const program = programOf(each);
    const wrt = each.inputs.flatMap(({ type }, index) => (isFloat(type.dtype) ? [`x${index}`] : []));
    const [got, want] = [program, unfuse(program, claiming())].map((loss) =>
      interpret(grad(loss, { wrt }), each.inputs),
    );
    for (const [index, { data }] of want!.entries())
      for (const [at, value] of data.entries()) expect(got![index]!.data[at]).toBeCloseTo(value, 5);
  });
});
