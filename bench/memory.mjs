// What fine-tuning takes of memory, each case in a process of its own: SmolLM2-135M at 4x256, and a Llama in the shape of
// TinyLlama 1.1B with random blocks, which is written first.
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../scripts/setup.mjs';
import { lastLine, root, shared, writeResults } from './common.mjs';

const program = `${root}bench/dist/attune-memory.js`;
const smollm2 = join(shared, 'models', 'smollm2-135m-instruct');
const scratch = mkdtempSync(join(tmpdir(), 'attune-bench-'));
const again = ['--checkpointing'];
const cases = [
  { name: 'SmolLM2-135M, 4x256, float32', model: smollm2, options: [] },
  { name: 'the same, `gradientCheckpointing`', model: smollm2, options: again },
  {
    name: 'SmolLM2-135M, 4x256, nf4, `gradientCheckpointing`',
    model: smollm2,
    options: ['--quantize', 'nf4', ...again],
  },
  {
    name: 'SmolLM2-135M, 4x256, Q4_1 as stored, `gradientCheckpointing`',
    model: smollm2,
    options: ['--quantize', 'stored', ...again],
  },
  {
    name: 'Llama 1.1B, 1x64, Q4_0 as stored, `gradientCheckpointing`',
    model: scratch,
    options: ['--quantize', 'stored', '--rows', '1', '--tokens', '64', '--steps', '1', ...again],
  },
];
try {
  run('node', [program, '--write', scratch]);
  const results = [];
  for (const { name, model, options } of cases) {
    const found = await lastLine('node', [program, '--model', model, ...options]);
    results.push({ name, ...found });
    console.log(`${name}: ${Math.round(found.trained.peak / 1e6)} MB at most, losses ${found.losses.join(', ')}`);
  }
  writeResults('memory', { date: new Date().toISOString(), load: loadavg()[0], results });
} finally {
  rmSync(scratch, { recursive: true });
}
