import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onnx } from '@attune/backend-onnx';
import { referenceBackend } from '@attune/ir';
import { describe, expect, it } from 'vitest';
import { runParity } from './run.js';

const golden = fileURLToPath(new URL('../../../shared/golden', import.meta.url));

/** A folder, and what the names of its cases contain if they are not all run here. */
type Part = readonly [folder: string, only?: string];

const small: readonly Part[] = [['ops'], ['objectives'], ['optimizers'], ['schedules'], ['tokenizers']];

/**
 * What fits into CI. By hand, `npm run parity -- ../shared/golden [--backend onnx]` runs all: every model and adapter on the
 * interpreter too, which takes minutes, and the fine-tuning of SmolLM2 and of all of MiniLM, whose first losses are tested in
 * examples/anywhere.
 */
const parts = {
  reference: [...small, ['models', 'bert'], ['models', 'llama'], ['peft', 'lora-bert'], ['peft', 'prefix-tuning']],
  onnx: [
    ...small,
    ['models'],
    ['peft'],
    ['real', 'minilm-embed'],
    ['real', 'minilm-sst2-lora'],
    ['real', 'smollm2-weights'],
    ['real', 'smollm2-logits'],
  ],
} as const satisfies Record<string, readonly Part[]>;

describe.skipIf(!process.env.CI && !existsSync(golden))('golden values', () => {
  it.each([
    ['reference', referenceBackend(), parts.reference],
    ['onnx', onnx(), parts.onnx],
  ] as const)(
    'hold on %s',
    async (_, backend, own) => {
      const lines: string[] = [];
      let passed = 0;
      for (const [folder, only] of own) {
        const options = only === undefined ? {} : { only };
        const summary = await runParity(`${golden}/${folder}`, {
          ...options,
          backend,
          print: (line) => lines.push(`${folder}: ${line}`),
        });
        expect(summary.passed).toBeGreaterThan(0);
        passed += summary.passed;
      }
      console.log(`${passed} passed`);
      expect(lines.filter((line) => line.includes(': FAILED'))).toEqual([]);
      expect(passed).toBeGreaterThan(550);
    },
    600_000,
  );
});
