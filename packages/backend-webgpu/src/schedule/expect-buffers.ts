import { AttuneError, byteLength, formatType, type Program, type ValueId } from '@attune/ir';
import type { Schedule } from './schedule.js';

/** @throws AttuneError `E_UNSUPPORTED_PROGRAM` that names a stored tensor for which no buffer is large enough */
export function expectBuffers({ program, locations }: Pick<Schedule, 'program' | 'locations'>, maxBytes: number): void {
  for (const value of locations.keys()) {
    const type = program.types[value]!;
    const bytes = byteLength(type);
    if (bytes <= maxBytes) continue;
    const field = nameOf(value, program);
    throw new AttuneError(
      'E_UNSUPPORTED_PROGRAM',
      `${field} of ${formatType(type)} takes ${bytes} bytes; a buffer of the device has at most ${maxBytes}.`,
      { field, hint: 'Take smaller batches or shorter texts, or another backend.' },
    );
  }
}

/** The name of its port, or that of the op that makes it. */
function nameOf(value: ValueId, { inputs, outputs, ops }: Program): string {
  const port = [...inputs, ...outputs].find((each) => each.value === value);
  return port?.name ?? ops.find((op) => op.outputs.includes(value))?.definition.name ?? 'a constant';
}
