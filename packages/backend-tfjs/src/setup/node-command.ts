#!/usr/bin/env node
/** `attune-tfjs-setup`: native TensorFlow for this Node. */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isAttuneError } from '@attune/ir';
import { installationOf } from '../native/installation.js';
import { setUp, takeAway } from './node-set-up.js';
import { verifyElsewhere, verifyHere } from './node-verify.js';

const help = `attune-tfjs-setup: sets native TensorFlow up for @attune/backend-tfjs.

Installs Python's package tensorflow-cpu into a virtual environment in the cache directory, compiles the binding of
@tensorflow/tfjs-node against it, and multiplies two matrices. Nothing else is changed.

  --cuda           TensorFlow with CUDA in place of the CPU's
  --python NAME    the Python that makes the environment; python3 by default
  --remove         removes all that was made
  --help           this text

CXX names another compiler than c++, ATTUNE_TENSORFLOW another directory.`;

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cuda: { type: 'boolean', default: false },
      python: { type: 'string', default: 'python3' },
      remove: { type: 'boolean', default: false },
      verify: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const variant = values.cuda ? 'cuda' : 'cpu';
  const installation = installationOf(variant);
  if (values.help) say(help);
  else if (values.verify) say(await verifyHere(variant));
  else if (values.remove) {
    if (!takeAway(installation, say)) say(`nothing is set up in ${installation.directory}`);
  } else {
    const verify = () => verifyElsewhere(variant, fileURLToPath(import.meta.url));
    await setUp(installation, { python: values.python, compiler: process.env.CXX ?? 'c++', say, verify });
  }
}

try {
  await main();
} catch (error) {
  const hint = isAttuneError(error) && error.hint !== undefined ? `\nhint ${error.hint}` : '';
  const code = isAttuneError(error) ? ` (${error.code})` : '';
  process.stderr.write(`error ${error instanceof Error ? error.message : error}${code}${hint}\n`);
  // 2: what was given is wrong; 4: there is no backend. As docs/cli.md has it for attune.
  process.exitCode = isAttuneError(error) ? 4 : 2;
}
