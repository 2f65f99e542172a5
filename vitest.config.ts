import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { softwareAdapter } from './scripts/software-adapter.mjs';
import { workerSourceForVite } from './scripts/worker-source.mjs';

const testing = fileURLToPath(new URL('./testing/src/', import.meta.url));
const packages = fileURLToPath(new URL('./packages/', import.meta.url));

// Tests run on the sources: `@attune/x` is packages/x/src/index.ts and `@attune/x/y` is packages/x/src/y.ts.
export default defineConfig({
  plugins: [workerSourceForVite],
  resolve: {
    alias: [
      { find: /^@attune\/testing\/(.+)$/, replacement: `${testing}$1.ts` },
      { find: /^@attune\/([a-z-]+)$/, replacement: `${packages}$1/src/index.ts` },
      { find: /^@attune\/([a-z-]+)\/(.+)$/, replacement: `${packages}$1/src/$2.ts` },
    ],
  },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'examples/*/**/*.test.ts',
      'scripts/**/*.test.ts',
      'testing/src/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    env: softwareAdapter(),
    // As many as cores, one more than Vitest's own default: much of the time tests wait for programs that they start.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
