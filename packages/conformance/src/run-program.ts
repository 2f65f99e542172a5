import { type Buffer, type Device, type HostTensor, interpret, type Program } from '@attune/ir';
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
