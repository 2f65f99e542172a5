import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { backendNames, backendOf, chosenBackend } from './backends.js';
import { createOutput } from './output.js';
import { runCommand } from './testing/run-command.js';

describe('--backend', () => {
  it('takes every backend and flavour by name', () => {
    expect(backendNames).toEqual(
      expect.arrayContaining(['auto', 'onnx', 'tfjs', 'tfjs:wasm', 'tfjs:cpu', 'webgpu', 'reference']),
    );
    expect(backendOf('tfjs:wasm').name).toBe('tfjs');
    expect(backendOf('webgpu').name).toBe('webgpu');
    expect(() => backendOf('abacus')).toThrow(expect.objectContaining({ code: 'E_BACKEND_UNAVAILABLE' }));
  });

  it('suggests the nearest name for a typo', async () => {
    const { code, err } = await runCommand(['evaluate', '--model', 'm', '--data', 'd', '--backend', 'tfsj']);
    expect(code).toBe(2);
    expect(err).toContain('did you mean tfjs?');
  });

  it('auto takes the fastest, and says what it measured', async () => {
    const lines: string[] = [];
    const backend = await chosenBackend({ backend: 'auto', threads: 1 }, (line) => lines.push(line));
    expect(['onnx', 'tfjs', 'webgpu']).toContain(backend.name);
    expect(lines).toEqual([
      expect.stringMatching(/^backend auto: \w+ on [\w ]+ \(\d+ GFLOP\/s\), before \w+ on [\w ]+ \(\d+ GFLOP\/s\)/),
    ]);
  });

  it('attune backends lists devices with dtypes and speed, and reasons for what is not there', async () => {
    const { code, last, out } = await runCommand(['backends', '--json']);
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(1);
    expect(last.backends).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ backend: 'onnx', available: true, gigaflops: expect.any(Number) }),
        expect.objectContaining({ backend: 'tfjs', device: 'javascript', dtypes: ['f32', 'i32', 'bool', 'u32', 'u8'] }),
        expect.objectContaining({ backend: 'tfjs', available: false, reason: expect.stringContaining('WebGPU') }),
      ]),
    );
  });
});

/** TensorFlow's library prints this before its log can be turned off, if it is installed and computes with oneDNN. */
const tensorFlowNotice =
  /^WARNING: All log messages before absl::InitializeLog\(\) is called .*\n|^I0000 .* oneDNN custom operations are on\. .*\n/gm;

describe('field 6: what this machine has', () => {
  /** The built command, as the noise of native libraries passes by what a process can catch of itself; without a GPU. */
  function attune(...args: string[]) {
    const { VK_ICD_FILENAMES: _, LD_LIBRARY_PATH: __, ...env } = process.env;
    const command = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
    const { stderr, ...end } = spawnSync(process.execPath, [command, ...args], { encoding: 'utf8', env });
    return { ...end, stderr: stderr.replace(tensorFlowNotice, '') };
  }

  it('attune backends prints a table of what is here, and a line for each other with what to do', () => {
    const { status, stdout, stderr } = attune('backends');
    expect([status, stderr]).toEqual([0, '']);
    const [table = '', missing = ''] = stdout.split('\n\nnot here:\n');
    expect(table).toMatch(/^backend +device +GFLOP\/s +dtypes +runs on\n/);
    expect(table).toMatch(/\nonnx +cpu +\S+ +f32 .*onnxruntime-node 1\./);
    expect(table).toMatch(/\ntfjs:wasm +wasm /);
    const lines = missing.trim().split('\n');
    const named = lines.map((line) => line.split(' ')[0]);
    expect(named).toEqual([...new Set(named)]);
    for (const line of lines) expect(line).toMatch(/^(tfjs:[\w-]+|webgpu) +\S.*(npx|npm|Use|Install) /);
  }, 300_000);

  it('attune doctor says one line for each, and nothing else', () => {
    const { status, stdout, stderr } = attune('doctor');
    expect([status, stderr]).toEqual([0, '']);
    const names = [...stdout.matchAll(/^(\S+): (?:ready|not here), /gm)].map(([, name]) => name);
    expect(names).toEqual(backendNames.filter((name) => name !== 'auto' && name !== 'tfjs'));
    expect(stdout.trim().split('\n').at(-1)).toBe('ready to train');
  }, 300_000);
});

it.skipIf(process.platform === 'win32')('audit L3: the command starts where 256 files may be open at once', () => {
  const command = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
  const script = 'ulimit -n 256 && exec "$@"';
  const args = ['-c', script, 'sh', process.execPath, command, '--version'];
  expect(spawnSync('sh', args, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
});

describe('audit L4, T26: numbers that are not finite under --json', () => {
  it.each([
    [Number.NaN, '"NaN"'],
    [Number.POSITIVE_INFINITY, '"Infinity"'],
    [Number.NEGATIVE_INFINITY, '"-Infinity"'],
    [0.1, '0.1'],
  ])('%d is printed as %s', (loss, text) => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    createOutput(true).event({ type: 'step', loss, metrics: { values: [loss] } });
    const printed = write.mock.calls.map(([chunk]) => String(chunk)).join('');
    write.mockRestore();
    expect(printed).toBe(`{"type":"step","loss":${text},"metrics":{"values":[${text}]}}\n`);
  });
});
