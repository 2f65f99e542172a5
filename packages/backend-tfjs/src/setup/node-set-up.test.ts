/** The setup with a Python and a compiler that only pretend; scripts/test.mjs runs the real one in CI. */
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttuneError } from '@attune/ir';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Installation, installationOf, readRecord, TENSORFLOW_VERSION } from '../native/installation.js';
import { setUp, takeAway } from './node-set-up.js';

let folder: string;
let installation: Installation;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'attune-setup-'));
  process.env.ATTUNE_TENSORFLOW = join(folder, 'cache');
  installation = installationOf('cpu');
  said = [];
});
afterEach(() => {
  delete process.env.ATTUNE_TENSORFLOW;
  rmSync(folder, { recursive: true });
});

function script(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A Python whose environments know TensorFlow once pip was called. */
const python = () =>
  script(
    'python',
    `mkdir -p "$3/bin"; cat > "$3/bin/python" <<'END'
#!/bin/sh
environment=$(dirname "$(dirname "$0")")
if [ "$2" = pip ]; then echo "$@" > "$environment/installed"; fi
if [ "$1" = -c ] && [ -e "$environment/installed" ]; then echo "$environment/tensorflow"; fi
END
chmod +x "$3/bin/python"`,
  );

/** A compiler that writes its arguments where the result should be. */
const compiler = () => script('c++', 'for last; do :; done; echo "$@" > "$last"');

const run = (
  changes: { readonly python?: string; readonly compiler?: string; readonly verify?: () => Promise<string> } = {},
) =>
  setUp(installation, {
    python: python(),
    compiler: compiler(),
    say: (line) => said.push(line),
    verify: async () => 'TensorFlow, cpu',
    ...changes,
  });

describe.skipIf(process.platform !== 'linux')('attune-tfjs-setup', () => {
  it('installs, compiles, verifies, and says so', async () => {
    await run();
    expect(readFileSync(join(installation.environment, 'installed'), 'utf8')).toContain(
      `--no-deps tensorflow-cpu==${TENSORFLOW_VERSION}`,
    );
    const call = readFileSync(installation.binding, 'utf8');
    expect(call).toContain('tfjs-node/binding/tfjs_backend.cc');
    expect(call).toContain(`-Wl,-rpath,${installation.environment}/tensorflow`);
    expect(readRecord(installation)).toEqual({ tensorflow: TENSORFLOW_VERSION, sources: '4.22.0' });
    expect(said.map((line) => line.split(' ')[0])).toEqual([
      'made',
      'installing',
      'installed',
      'compiled',
      'multiplied',
    ]);
  });

  it('finds the second time what it installed the first time', async () => {
    await run();
    said.length = 0;
    await run({ python: script('no-python', 'exit 9') });
    expect(said.map((line) => line.split(' ')[0])).toEqual(['found', 'found', 'multiplied']);
  });

  it('compiles again what does not work any more', async () => {
    await run();
    said.length = 0;
    let calls = 0;
    const verify = async () => {
      if (calls++ === 0) throw new AttuneError('E_BACKEND_UNAVAILABLE', 'It is broken.');
      return 'TensorFlow, cpu';
    };
    await run({ verify });
    expect(said.map((line) => line.split(' ')[0])).toEqual(['found', 'compiling', 'compiled', 'multiplied']);
  });

  it('takes everything away again', async () => {
    await run();
    expect(takeAway(installation, (line) => said.push(line))).toBe(true);
    expect(existsSync(installation.directory)).toBe(false);
    expect(readdirSync(join(folder, 'cache'))).toEqual([]);
    expect(takeAway(installation, () => {})).toBe(false);
  });

  it.each([
    [
      'a Python without venv',
      () => ({ python: script('bad', 'echo "No module named venv" >&2; exit 1') }),
      'python',
      /No module named venv/,
    ],
    ['a Python that is not there', () => ({ python: join(folder, 'none') }), 'python', /ENOENT/],
    [
      'a compiler that fails',
      () => ({ compiler: script('cc', 'echo "fatal error: x.h" >&2; exit 1') }),
      'compiler',
      /x\.h/,
    ],
  ])('names the command that helps with %s', async (_, changes, field, message) => {
    await expect(run(changes())).rejects.toMatchObject({
      code: 'E_BACKEND_UNAVAILABLE',
      field,
      message: expect.stringMatching(message),
      hint: expect.stringContaining('apt-get install'),
    });
  });

  it('leaves no record of a binding that was not compiled', async () => {
    const broken = async () => {
      throw new AttuneError('E_BACKEND_UNAVAILABLE', 'It is broken.');
    };
    await run();
    await expect(run({ compiler: script('cc', 'exit 1'), verify: broken })).rejects.toMatchObject({
      field: 'compiler',
    });
    expect(readRecord(installation)).toBeUndefined();
  });
});
