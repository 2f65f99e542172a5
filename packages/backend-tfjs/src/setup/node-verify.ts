/** Whether a set-up TensorFlow works: the product of two matrices. */
import { AttuneError, hostTensor, ProgramBuilder, project, tensorType } from '@attune/ir';
import { tfjs } from '../backend.js';
import { setupCommand } from '../native/binding-error.js';
import type { Variant } from '../native/installation.js';
import { runCommand } from './node-run.js';

/** Multiplies in another process, which may crash. @param script the command's own file */
export async function verifyElsewhere(variant: Variant, script: string): Promise<string> {
  const output = await runCommand(process.execPath, [script, '--verify', ...(variant === 'cuda' ? ['--cuda'] : [])], {
    problem: 'TensorFlow was set up and does not work',
    field: 'binding',
    hint: `${setupCommand(variant)} --remove, then set up again.`,
  });
  return output.trim();
}

/** Multiplies in this process. @throws AttuneError `E_BACKEND_UNAVAILABLE`, `E_DEVICE` */
export async function verifyHere(variant: Variant): Promise<string> {
  await using device = await tfjs({ flavour: variant === 'cuda' ? 'node-gpu' : 'node' }).open();
  const builder = new ProgramBuilder('verify');
  const [a, b] = [builder.input('a', tensorType([2, 3])), builder.input('b', tensorType([2, 3]))];
  using executable = await device.compile(builder.finish({ y: project(a, b) }));
  const inputs = [hostTensor([2, 3], [1, 2, 3, 4, 5, 6]), hostTensor([2, 3], [1, 0, 1, 0, 1, 0])];
  const [y] = await executable.run(inputs.map((input) => device.upload(input)));
  const { data } = await device.download(y!);
  if ([...data].join() !== '4,2,10,5') {
    throw new AttuneError('E_DEVICE', `TensorFlow multiplies wrongly: got [${[...data]}], want [4, 2, 10, 5].`);
  }
  const { versions, device: name } = device.info;
  return `TensorFlow ${versions.tensorflow}, ${name}`;
}
