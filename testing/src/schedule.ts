/** In which order the files of tests run, and which of them share processes. */
import { existsSync } from 'node:fs';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those of about ten seconds and more, the longest first: one that starts last leaves cores idle. */
const longest = [
  'parity/src/parity.test.ts',
  'scripts/release-check.test.ts',
  'examples/anywhere/anywhere.test.ts',
  'packages/cli/src/cli.test.ts',
  'packages/core/src/trainer/kill.test.ts',
  'examples/quickstart/quickstart.test.ts',
  'packages/cli/src/signals.test.ts',
  'packages/backend-webgpu/src/kernels/tile.test.ts',
  'packages/backend-webgpu/src/chromium.test.ts',
  'examples/browser/browser.test.ts',
  'examples/base-mini/base-mini.test.ts',
  'scripts/quickstart.test.ts',
  'packages/backend-webgpu/src/conformance.test.ts',
  'packages/core/src/trainer/resume.test.ts',
  'scripts/privacy.test.ts',
  'examples/intents/intents.test.ts',
  'packages/backend-onnx/src/web.test.ts',
  'packages/strategies/src/mutations.test.ts',
  'packages/cli/src/screen.test.ts',
  'scripts/packages.test.ts',
  'packages/strategies/src/trainer-save.test.ts',
  'scripts/readme.test.ts',
  'packages/cli/src/backends.test.ts',
  'packages/core/src/trainer/resume-backends.test.ts',
  'packages/hub/src/tokenizer-budget.test.ts',
  'packages/strategies/src/adapters/files.test.ts',
  'packages/models/src/save.test.ts',
  'packages/hub/src/tokenizer-fuzz.test.ts',
  'examples/sentiment/sentiment.test.ts',
  'packages/data/src/data-bomb.test.ts',
  'packages/hub/src/tokenizer-hostile.test.ts',
  'packages/core/src/trainer/resume-methods.test.ts',
  'packages/core/src/trainer/device-lost.test.ts',
];

/** Those that change what belongs to the whole process: its user, signals, the working directory, the file system's functions, modules. */
const changesProcess = [
  'packages/cli/src/config-file.test.ts',
  'packages/cli/src/disk.test.ts',
  'packages/cli/src/export-signals.test.ts',
  'packages/cli/src/model-package.test.ts',
  'packages/core/src/checkpoint/power-loss.test.ts',
  'packages/core/src/port-names.test.ts',
  'packages/core/src/trainer/checkpoint-writer.test.ts',
  'packages/hub/src/node-faults.test.ts',
  'packages/hub/src/node-lock-processes.test.ts',
  'packages/hub/src/node-lock.test.ts',
  'packages/hub/src/sha256.test.ts',
];

/**
 * The packages whose tests share a process for each core, as importing what they test takes longer than most of them do.
 * Native libraries change how the processor rounds numbers next to zero, for good: those that load none are by themselves.
 */
const sharing = {
  plain: ['data', 'hub', 'ir'],
  native: ['cli', 'conformance', 'core', 'models', 'strategies'],
};

const alone = [...longest, ...changesProcess];
const missing = alone.filter((name) => !existsSync(new URL(`../../${name}`, import.meta.url)));
if (missing.length > 0)
  throw new Error(`testing/src/schedule.ts names files that are not there: ${missing.join(', ')}`);

/** Files whose tests share processes with others of their kind. */
export const together = Object.entries(sharing).map(([name, packages]) => ({
  name,
  include: packages.map((each) => `packages/${each}/src/**/*.test.ts`),
  exclude: alone,
}));

/** All others, each in a process of its own. */
export const apart = {
  name: 'apart',
  include: [
    ...alone,
    `packages/!(${Object.values(sharing).flat().join('|')})/src/**/*.test.ts`,
    'examples/*/**/*.test.ts',
    'scripts/**/*.test.ts',
    'testing/src/**/*.test.ts',
  ],
};

/** The longest first, then the others, and at the end those that share processes, by the process that they share. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification) => {
      const place = longest.findIndex((name) => moduleId.endsWith(name));
      if (place >= 0) return place;
      return longest.length + 1 + together.findIndex(({ name }) => name === project.name);
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}
