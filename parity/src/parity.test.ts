import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onnx } from '@attune/backend-onnx';
import { referenceBackend } from '@attune/ir';
import { describe, expect, it } from 'vitest';
import { runParity } from './run.js';

const golden = fileURLToPath(new URL('../../../shared/golden', import.meta.url));

describe.skipIf(!process.env.CI && !existsSync(golden))('golden values', () => {
  it.each([
    ['reference', referenceBackend()],
    ['onnx', onnx()],
  ])(
    'hold on %s',
    async (_, backend) => {
      const lines: string[] = [];
      const summary = await runParity(golden, { backend, print: (line) => lines.push(line) });
      console.log(lines.at(-1));
      expect(lines.filter((line) => line.startsWith('FAILED'))).toEqual([]);
      expect(summary.passed).toBeGreaterThan(480);
    },
    600_000,
  );
});
