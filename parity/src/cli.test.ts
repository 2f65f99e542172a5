import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

it('field 9: parity on a backend that is not here is one sentence', () => {
  const script = fileURLToPath(new URL('../dist/parity.js', import.meta.url));
  const { VK_ICD_FILENAMES: _, LD_LIBRARY_PATH: __, ...env } = process.env;
  const args = [script, tmpdir(), '--backend', 'tfjs:webgl'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...env, NO_COLOR: '1' },
  });
  expect([status, stdout]).toEqual([4, '']);
  expect(stderr).toMatch(/^error tfjs cannot compute here: .*\(E_BACKEND_UNAVAILABLE\)\nhint .*\n$/);
});
