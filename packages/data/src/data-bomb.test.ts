import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundleForBrowsers } from '@attune/testing/browser-bundle';
import { expect, test } from 'vitest';

const run = promisify(execFile);

test('T16 data-bomb, audit F1: a heap of 256 MB ends in E_DATA_LIMIT, never in an abort', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-bomb-'));
  try {
    const script = join(folder, 'small-heap.mjs');
    writeFileSync(script, await bundleForBrowsers(new URL('./testing/small-heap.ts', import.meta.url), ['node:fs']));
    const { stdout } = await run(process.execPath, ['--max-old-space-size=256', script, folder]);
    const lines = stdout.trim().split('\n');
    expect(lines.slice(0, -1)).toEqual([
      'csv that is too large: E_DATA_LIMIT',
      'csv of short rows: E_DATA_LIMIT',
      'csv of long rows: E_DATA_LIMIT',
      'csv of quoted rows: E_DATA_LIMIT',
      'csv of bad rows: E_DATA_LIMIT',
      'csv with an open quote: E_DATA',
      'json lines: E_DATA_LIMIT',
      'conll: E_DATA_LIMIT',
      'questions: E_DATA_LIMIT',
      'lines: E_DATA_LIMIT',
    ]);
    expect(Number(/\d+/.exec(lines.at(-1) ?? '')?.[0])).toBeLessThan(450);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 300_000);
