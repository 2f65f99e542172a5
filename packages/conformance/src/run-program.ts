import { type Buffer, type Device, type HostTensor, interpret, isAttuneError, type Program } from '@attune/ir';
import { expectClose } from './tolerance.js';

/** Uploads, runs, downloads and frees everything. */
export async function runOnDevice(
  device: Device,
  program: Program,
  inputs: readonly HostTensor[],
): Promise<HostTensor[]> {
  using executable = await device.compile(program);
  const buffers = inputs.map((input) => device.upload(input));
  const outputs = await executable.run(buffers);
  const results = await Promise.all(outputs.map((output) => device.download(output)));
  release(buffers);
  release(outputs);
  return results;
}

export function release(buffers: readonly Buffer[]): void {
  for (const buffer of buffers) buffer[Symbol.dispose]();
}

/** Runs a program on the device and in the reference interpreter and compares every output. */
export async function expectLikeReference(
  device: Device,
  program: Program,
  inputs: readonly HostTensor[],
  scale = 1,
): Promise<void> {
  const got = await runOnDevice(device, program, inputs);
  const want = interpret(program, inputs);
  for (const [index, { name }] of program.outputs.entries()) {
    expectClose(`${program.name}: ${name}`, got[index]!, want[index]!, scale);
  }
}

/** Whether a program has values of a dtype that the device does not have. */
export const lacksDType = ({ capabilities: { dtypes } }: Device, { types }: Program): boolean =>
  types.some(({ dtype }) => !dtypes.has(dtype));

/** Throws where the device takes a program that it should refuse by name. */
export async function expectRefusal(device: Device, program: Program): Promise<void> {
  const error: unknown = await device.compile(program).then(
    () => undefined,
    (reason) => reason,
  );
  if (isAttuneError(error) && error.code === 'E_UNSUPPORTED_PROGRAM') return;
  throw new Error(`${program.name}: is not refused with E_UNSUPPORTED_PROGRAM, but ${error ?? 'compiled'}`);
}
