import { describe, expect, it } from 'vitest';
import { backendNames, backendOf, chosenBackend } from './backends.js';
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
