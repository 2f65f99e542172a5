/** T04, T21: checkpoint directories whose files are missing, swapped, cut or changed, also under seals of their own. */
import { inMemory, MemoryStorage } from '@attune/hub';
import { sha256Of } from '@attune/hub/internal';
import { type Files, filesOf, mutatedFiles, storageOf } from '@attune/hub/testing/file-mutations';
import { mutationRuns, mutationTimeout, Survival } from '@attune/hub/testing/survives';
import { type HostTensor, hostTensor, type TensorType } from '@attune/ir';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { inspectRunDirectory, openRunDirectory } from '../trainer/run-directory.js';
import { checkSameRun } from '../trainer/same-run.js';
import { readTrainerState } from '../trainer/trainer-state.js';
import { readCheckpointTensors } from './load.js';
import { type Manifest, sealManifest } from './manifest.js';
import { saveCheckpoint } from './save.js';
import type { FoundCheckpoint } from './unplaced.js';

const parameters = new Map<string, HostTensor>([
  ['encoder.weight', hostTensor([2, 3], [1, 2, 3, 4, 5, 6])],
  ['encoder.bias', hostTensor([2], [0, 1])],
]);
const moments = new Map([...parameters].map(([name, tensor]) => [`m.${name}`, tensor] as const));
const expected = new Map<string, TensorType>([...parameters, ...moments].map(([name, { type }]) => [name, type]));
const run = { learningRate: 0.1, numTrainEpochs: 3, optimArgs: {}, strategy: [{ name: 'full' }], data: 'a'.repeat(64) };

let valid: Files;
beforeAll(async () => {
  const storage = new MemoryStorage('run');
  for (const step of [4, 6]) {
    await saveCheckpoint(storage, {
      step,
      steps: 9,
      finished: false,
      data: { examples: 12, skippedRows: 1 },
      versions: { attune: '0.0.0', backend: 'onnx' },
      run,
      parameters: inMemory(parameters),
      state: inMemory(moments),
      trainer: {
        step,
        epoch: step / 3,
        evaluated: true,
        best: { metric: 'loss', greaterIsBetter: false, data: null, value: 0.5, step: 4, stale: 1 },
        schedule: { best: 0.5, bad: 1 },
        batchParts: 1,
      },
    });
  }
  valid = await filesOf(storage);
});

/** What a resumed run does with its directory before it compiles. */
async function resume(storage: MemoryStorage, from: boolean | string): Promise<FoundCheckpoint | undefined> {
  await inspectRunDirectory(storage, from);
  const { found } = await openRunDirectory(storage, from);
  if (!found) return undefined;
  checkSameRun(found.manifest.run, run, { allowed: [], mayGoOn: true });
  await readTrainerState(storage, found.path);
  await readCheckpointTensors(storage, found.path, { stateTypes: () => expected, carries: () => false });
  return found;
}

/** Manifests that vouch for the files that lie beside them: what one finds who means harm. */
function sealed(files: Files): Files {
  const all = new Map(files);
  for (const [path, bytes] of files) {
    if (!path.endsWith('/manifest.json')) continue;
    try {
      all.set(path, resealed(files, path.slice(0, -'manifest.json'.length), bytes));
    } catch {
      // What is no JSON, or too deep for a hash, cannot be sealed.
    }
  }
  return all;
}

function resealed(files: Files, directory: string, manifest: Uint8Array): Uint8Array {
  const { sha256: _, ...fields }: Manifest = JSON.parse(new TextDecoder().decode(manifest));
  const about = Object.keys(Object(fields.files)).map((name) => {
    const content = files.get(directory + name) ?? new Uint8Array();
    return [name, { sha256: sha256Of(content), bytes: content.length }];
  });
  const seal = sealManifest(Object.assign(fields, { files: Object.fromEntries(about) }));
  return new TextEncoder().encode(JSON.stringify(seal));
}

test.each([
  ['as they are', (files: Files) => files],
  ['sealed anew', sealed],
])(
  'T21 corrupt-checkpoint: mutations of checkpoints, %s',
  async (name, prepare) => {
    const survival = new Survival();
    let used = 0;
    const inputs = fc.tuple(mutatedFiles(valid), fc.constantFrom<boolean | string>(true, 'checkpoint-6'));
    await fc.assert(
      fc.asyncProperty(inputs, ([files, from]) =>
        survival.read(async () => {
          if (await resume(await storageOf(prepare(files), 'run'), from)) used += 1;
        }),
      ),
      mutationRuns,
    );
    console.log(`mutations of checkpoints, ${name}: ${survival}, ${used} resumed from`);
    expect(used).toBeGreaterThan(mutationRuns.numRuns / 20);
  },
  mutationTimeout,
);

test('a directory without faults resumes from its newest checkpoint', async () => {
  expect((await resume(await storageOf(valid), true))?.path).toBe('checkpoint-6');
});
