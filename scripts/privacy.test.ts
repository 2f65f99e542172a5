/**
 * Field 1: nothing is written to the user's directories, no name is looked up and nothing is sent. strace sees what native
 * code asks of the system; `npm test` installs it on Debian.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeStorage } from '@attune/hub/node';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const strace = '/usr/bin/strace';
const root = fileURLToPath(new URL('../', import.meta.url));
const command = join(root, 'packages/cli/dist/cli.js');
let folder = '';
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'attune-privacy-'));
  await writeTinyBert(nodeStorage(at('model')));
  writeFileSync(at('train.csv'), 'text,label\nthe cat,cat\nthe dog,dog\nthe cat sat,cat\nthe dog sat,dog\n');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Observed {
  readonly status: number | null;
  readonly stderr: string;
  /** What appeared below the user's directories. */
  readonly files: readonly string[];
  /** Calls that reach beyond this machine, or ask for a name. */
  readonly network: readonly string[];
}

/** Runs Node with empty directories for the user's files, settings, caches and temporary files. */
function observe(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Observed {
  const user = mkdtempSync(join(folder, 'user-'));
  const trace = `${user}.trace`;
  const { status, stderr } = spawnSync(
    strace,
    ['-f', '-qq', '-e', 'trace=network', '-o', trace, process.execPath, ...args],
    {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        HOME: user,
        XDG_CACHE_HOME: join(user, 'cache'),
        XDG_CONFIG_HOME: join(user, 'config'),
        XDG_DATA_HOME: join(user, 'data'),
        XDG_STATE_HOME: join(user, 'state'),
        TMPDIR: user,
        ...environment,
      },
    },
  );
  const calls = readFileSync(trace, 'utf8').split('\n');
  return {
    status,
    stderr,
    files: readdirSync(user, { recursive: true }).map(String),
    network: calls.filter((line) => /AF_INET|nscd|systemd.resolve/.test(line)),
  };
}

const data = ['--data', 'train.csv', '--threads', '1'];
const commands: readonly (readonly string[])[] = [
  [...['train', '--model', 'model', '--train', 'train.csv', '--output', 'out', '--threads', '1'], '--max-steps=3'],
  ['evaluate', '--model', 'out', ...data],
  ['predict', '--model', 'out', ...data],
  ['export', '--model', 'out', '--output', 'out.onnx'],
  ['inspect', 'out'],
  ['doctor'],
  ['backends'],
];

describe.skipIf(!existsSync(strace) && !process.env.CI)('field 1: no telemetry', () => {
  it.each(commands.map((args) => [args[0], args] as const))(
    'attune %s leaves no file and sends nothing',
    (_, args) => {
      const { status, stderr, files, network } = observe([command, ...args]);
      expect(status, stderr).toBe(0);
      expect(files).toEqual([]);
      expect(network).toEqual([]);
    },
    300_000,
  );

  it('a value of the variable that would turn telemetry on is overruled', () => {
    const { status, files } = observe([command, 'predict', '--model', 'out', '--text', 'the cat'], {
      ORT_DISABLE_TELEMETRY: '0',
    });
    expect([status, files]).toEqual([0, []]);
  }, 240_000);

  it('a worker thread, whose variables native code does not see, is refused without a file', () => {
    const url = JSON.stringify(join(root, 'packages/backend-onnx/dist/index.js'));
    const inWorker = `import(${url}).then(({ onnx }) => onnx().probe()).then((found) => console.error(JSON.stringify(found)));`;
    const start = `new (require('node:worker_threads').Worker)(${JSON.stringify(inWorker)}, { eval: true });`;
    const refused = observe(['-e', start]);
    expect(refused.stderr).toContain("Set process.env.ORT_DISABLE_TELEMETRY = '1' in the main thread");
    expect(refused.files).toEqual([]);
    const allowed = observe(['-e', `process.env.ORT_DISABLE_TELEMETRY = '1'; ${start}`]);
    expect(allowed.stderr).toContain('"available":true');
    expect(allowed.files).toEqual([]);
  }, 240_000);

  it('scripts of the repository start Turborepo without its telemetry', () => {
    const turbo = join(root, 'node_modules/turbo/bin/turbo');
    const setup = JSON.stringify(join(root, 'scripts/setup.mjs'));
    const args = JSON.stringify([turbo, 'run', 'build', '--dry=json', '--filter=@attune/ir']);
    const { status, stderr, files, network } = observe([
      '--input-type=module',
      '-e',
      `import { run } from ${setup}; run(process.execPath, ${args}, { stdio: ['ignore', 'ignore', 'inherit'] });`,
    ]);
    expect(status, stderr).toBe(0);
    expect(files.filter((file) => file.includes('turborepo'))).toEqual([]);
    expect(network).toEqual([]);
    expect(stderr).not.toContain('telemetry');
  }, 240_000);

  it('all ways to start Turborepo go through those scripts', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    expect(Object.values(scripts).filter((script) => script.includes('turbo'))).toEqual([]);
    const users = readdirSync(join(root, 'scripts'))
      .filter((name) => name.endsWith('.mjs'))
      .map((name) => readFileSync(join(root, 'scripts', name), 'utf8'))
      .filter((text) => text.includes("'turbo'"));
    for (const text of users) expect(text).toMatch(/from '.\/setup.mjs'|TURBO_TELEMETRY_DISABLED/);
  });

  it('the observation finds what it looks for', () => {
    const url = JSON.stringify(join(root, 'node_modules/onnxruntime-node'));
    const library = observe([
      '-e',
      `require(${url}).InferenceSession.create(new Uint8Array(9)).catch(() => {}).then(() => setTimeout(() => {}, 1000));`,
    ]);
    expect(library.files.some((file) => file.includes('onnxruntime'))).toBe(true);
    expect(observe(['-e', "require('node:net').connect(9, '127.0.0.1').on('error', () => {})"]).network).not.toEqual(
      [],
    );
    expect(observe(['-e', "require('node:dns').resolve4('attune.invalid', () => {})"]).network).not.toEqual([]);
  }, 240_000);
});
