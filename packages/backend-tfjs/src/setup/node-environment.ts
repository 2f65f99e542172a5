/** TensorFlow as Python's package, in a virtual environment that nothing else uses. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setupCommand } from '../native/binding-error.js';
import { type Installation, TENSORFLOW_VERSION, type Variant } from '../native/installation.js';
import { runCommand } from './node-run.js';

const requirements: Readonly<Record<Variant, readonly string[]>> = {
  // Libraries and headers only: what Python needs to use them stays away.
  cpu: ['--no-deps', `tensorflow-cpu==${TENSORFLOW_VERSION}`],
  cuda: [`tensorflow[and-cuda]==${TENSORFLOW_VERSION}`],
};

/** Prints the package's folder where it has the right version, nothing elsewhere; without importing it. */
const findPackage = `
import importlib.metadata, importlib.util
spec = importlib.util.find_spec("tensorflow")
names = ("tensorflow-cpu", "tensorflow")
versions = [d.version for d in importlib.metadata.distributions() if d.metadata["Name"].replace("_", "-") in names]
if spec and "${TENSORFLOW_VERSION}" in versions: print(spec.submodule_search_locations[0])
`;

export interface EnvironmentOptions {
  /** The Python that makes the environment. */
  readonly python: string;
  readonly say: (line: string) => void;
}

/**
 * The folder of TensorFlow, installed where it is missing or has another version.
 * @throws AttuneError `E_BACKEND_UNAVAILABLE`
 */
export async function ensureTensorFlow(
  { environment, variant }: Installation,
  { python, say }: EnvironmentOptions,
): Promise<string> {
  const interpreter = join(environment, 'bin', 'python');
  const find = async () =>
    (
      await runCommand(interpreter, ['-c', findPackage], {
        problem: `The environment ${environment} is broken`,
        field: 'tensorflow',
        hint: `${setupCommand(variant)} --remove, then set up again.`,
      })
    ).trim();
  if (!existsSync(interpreter)) {
    await runCommand(python, ['-m', 'venv', environment], {
      problem: 'Python cannot make a virtual environment',
      field: 'python',
      hint: 'apt-get install python3-venv, or name another Python by --python.',
    });
    say(`made the Python environment ${environment}`);
  }
  const found = await find();
  if (found !== '') {
    say(`found TensorFlow ${TENSORFLOW_VERSION} in ${found}`);
    return found;
  }
  const wanted = requirements[variant];
  say(`installing ${wanted.at(-1)} (${variant === 'cpu' ? 'a quarter of a gigabyte' : 'some gigabytes'})`);
  await runCommand(interpreter, ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', ...wanted], {
    problem: `TensorFlow ${TENSORFLOW_VERSION} cannot be installed`,
    field: 'tensorflow',
    hint: 'It is there for Python 3.10 to 3.13 on Linux: name one by --python.',
  });
  const folder = await find();
  say(`installed TensorFlow ${TENSORFLOW_VERSION} in ${folder}`);
  return folder;
}
