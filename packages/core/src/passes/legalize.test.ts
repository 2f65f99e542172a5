import { type Capabilities, cast, type DType, ProgramBuilder, softmax, tensorType } from '@attune/ir';
import { expect, test } from 'vitest';
import { legalize } from './legalize.js';

const capabilities = (changes: Partial<Capabilities> = {}): Capabilities => ({
  dtypes: new Set<DType>(['f32']),
  composites: new Set(),
  maxBufferBytes: 1024,
  ...changes,
});

function softmaxOf(shape: readonly number[]) {
  const builder = new ProgramBuilder('p');
  return builder.finish({ y: softmax(builder.input('x', tensorType(shape))) });
}

const names = (program: ReturnType<typeof softmaxOf>) => program.ops.map(({ definition }) => definition.name);

test('claimed composites stay, others are decomposed', () => {
  expect(names(legalize(softmaxOf([2, 3]), capabilities({ composites: new Set(['softmax']) })))).toEqual(['softmax']);
  expect(names(legalize(softmaxOf([2, 3]), capabilities()))).not.toContain('softmax');
});

test('all gaps of the device are in one error', () => {
  const builder = new ProgramBuilder('step');
  const x = builder.input('x', tensorType([300]));
  const program = builder.finish({ y: cast(cast(x, 'i32'), 'u8') });
  expect(() => legalize(program, capabilities())).toThrow(
    expect.objectContaining({
      code: 'E_UNSUPPORTED_PROGRAM',
      message:
        '"step" does not fit the device: the device has no i32, u8; ' +
        'larger than its 1024 bytes: input "x" of f32[300], 1200 bytes; a cast of i32[300], 1200 bytes.',
    }),
  );
});
