/** A folder for each test, in which TensorFlow is looked for. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/** @returns the folder of the test that runs */
export function useInstallationFolder(): () => string {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'attune-installation-'));
    process.env.ATTUNE_TENSORFLOW = folder;
  });
  afterEach(() => {
    delete process.env.ATTUNE_TENSORFLOW;
    rmSync(folder, { recursive: true });
  });
  return () => folder;
}
