/** TensorFlow as it is set up, with something that does not fit: each a typed error with the one command that helps. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tfjs } from '../backend.js';
import { useInstallationFolder } from '../testing/installation-folder.js';
import { testedFlavours } from '../testing/tested-flavours.js';
import { installationOf, TENSORFLOW_VERSION, type Variant } from './installation.js';
import { loadBinding } from './load-binding.js';

const { binding } = installationOf('cpu');
useInstallationFolder();

/** An installation with the binding that is set up. */
function install(variant: Variant, tensorflow: string): void {
  const installation = installationOf(variant);
  mkdirSync(dirname(installation.record), { recursive: true });
  writeFileSync(installation.record, JSON.stringify({ tensorflow, sources: '4.22.0' }));
  cpSync(binding, installation.binding);
}

describe.skipIf(!testedFlavours.includes('node'))('TensorFlow', () => {
  it('of another version than the binding was made for', () => {
    install('cpu', '2.9.1');
    expect(() => loadBinding('cpu')).toThrow(
      expect.objectContaining({
        code: 'E_BACKEND_UNAVAILABLE',
        field: 'tensorflow',
        hint: 'npx --package @attune/backend-tfjs attune-tfjs-setup',
        message: `The binding was made for TensorFlow 2.9.1, ${TENSORFLOW_VERSION} is there.`,
      }),
    );
  });

  it('without a CUDA device', async () => {
    install('cuda', TENSORFLOW_VERSION);
    await expect(tfjs({ flavour: 'node-gpu' }).open()).rejects.toMatchObject({
      code: 'E_BACKEND_UNAVAILABLE',
      field: 'cuda',
      hint: 'npx --package @attune/backend-tfjs attune-tfjs-setup --cuda',
    });
  });
});
