import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { softwareAdapter } from './scripts/software-adapter.mjs';
import { workerSourceForVite } from './scripts/worker-source.mjs';
import { apart, LongestFirst, together } from './testing/src/schedule.js';

const testing = fileURLToPath(new URL('./testing/src/', import.meta.url));
const exclude = ['**/node_modules/**', '**/dist/**'];
const packages = fileURLToPath(new URL('./packages/', import.meta.url));

// Tests run on the sources: `@attune/x` is packages/x/src/index.ts and `@attune/x/y` is packages/x/src/y.ts.
export default defineConfig({
  plugins: [workerSourceForVite],
  resolve: {
    alias: [
      { find: /^attune$/, replacement: `${packages}attune/src/index.ts` },
      { find: /^attune\/([a-z]+)$/, replacement: `${packages}attune/src/$1.ts` },
      { find: /^@attune\/testing\/(.+)$/, replacement: `${testing}$1.ts` },
      { find: /^@attune\/([a-z-]+)$/, replacement: `${packages}$1/src/index.ts` },
      { find: /^@attune\/([a-z-]+)\/(.+)$/, replacement: `${packages}$1/src/$2.ts` },
    ],
  },
  test: {
    env: softwareAdapter(),
    setupFiles: [`${testing}one-core.ts`],
    // As many as cores, one more than Vitest's own default: much of the time tests wait for programs that they start.
    maxWorkers: '100%',
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { ...apart, exclude } },
      ...together.map((shared) => ({
        extends: true as const,
        test: { ...shared, isolate: false, exclude: [...exclude, ...shared.exclude] },
      })),
    ],
  },
});
