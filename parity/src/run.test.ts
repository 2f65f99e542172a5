import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { type HostTensor, hostTensor, referenceBackend } from '@attune/ir';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runParity } from './run.js';

const tolerance = { rtol: 1e-5, atol: 1e-6 };
const negation = { attributes: {}, in: ['x'], out: ['y'] };
const good: Record<string, HostTensor> = {
  'case/in.x': hostTensor([2, 1], [1, 2]),
  'case/out.y': hostTensor([2, 1], [-1, -2]),
};

describe('runParity', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'attune-parity-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  async function run(directory = root) {
    const lines: string[] = [];
    const summary = await runParity(directory, { backend: referenceBackend(), print: (line) => lines.push(line) });
    return { ...summary, lines };
  }

  async function write(name: string, meta: unknown, tensors?: Record<string, HostTensor>) {
    await mkdir(root, { recursive: true });
    await writeFile(join(root, `${name}.json`), typeof meta === 'string' ? meta : JSON.stringify(meta));
    if (!tensors) return;
    const entries = Object.entries(tensors).map(([key, tensor]) => ({
      name: key,
      type: tensor.type,
      load: async () => tensor,
    }));
    await writeSafetensors(nodeStorage(root), `${name}.safetensors`, entries);
  }

  const expectFailure = async (pattern: RegExp) => {
    const { lines, failed } = await run();
    expect(failed).toBe(1);
    expect(lines.filter((line) => line.startsWith('FAILED'))).toEqual([expect.stringMatching(pattern)]);
    expect(lines.at(-1)).toMatch(/^\d+ passed, 1 failed, 0 not supported$/);
  };

  it('counts a case that passes and names one that is not supported', async () => {
    await write('neg', { op: 'neg', tolerance, cases: { case: negation } }, good);
    const unknown = { op: 'dequant_new', tolerance, cases: { case: negation } };
    await write('other', unknown, good);
    const { lines } = await run();
    expect(lines.filter((line) => line.startsWith('not supported'))).toEqual([expect.stringContaining('other/case')]);
    expect(lines.at(-1)).toBe('1 passed, 0 failed, 1 not supported');
  });

  it('fails a case with another number, with NaN, and with another shape', async () => {
    const wrong = (y: HostTensor) => ({ ...good, 'case/out.y': y });
    for (const y of [hostTensor([2, 1], [-1, -2.1]), hostTensor([2, 1], [-1, Number.NaN]), hostTensor([2], [-1, -2])]) {
      await write('neg', { op: 'neg', tolerance, cases: { case: negation } }, wrong(y));
      await expectFailure(/neg\/case .* of the tolerance \(y\)/);
    }
  });

  it('fails a file that is no JSON, and runs the others', async () => {
    await write('neg', { op: 'neg', tolerance, cases: { case: negation } }, good);
    await write('broken', '{"op": ');
    await expectFailure(/broken\.json .*could not be read/);
    expect((await run()).passed).toBe(1);
  });

  it('fails a golden file without its format', async () => {
    await write('neg', { op: 'neg', cases: { case: negation } }, good);
    await expectFailure(/neg\.json .*tolerance/);
  });

  it('fails a golden file without its tensors', async () => {
    await write('neg', { op: 'neg', tolerance, cases: { case: negation } });
    await expectFailure(/neg\.json .*neg\.safetensors/);
  });

  it('fails a case that names tensors that are not there', async () => {
    await write('neg', { op: 'neg', tolerance, cases: { case: { ...negation, out: ['y', 'z'] } } }, good);
    await expectFailure(/neg\/case .*E_TENSOR_MISSING.*out\.z/);
  });

  it('fails a folder that is not there', async () => {
    root = join(root, 'absent');
    await expectFailure(/absent .*could not be read/);
    await mkdir(root);
  });
});
