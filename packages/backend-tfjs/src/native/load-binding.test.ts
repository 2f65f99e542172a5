import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useInstallationFolder } from '../testing/installation-folder.js';
import { installationOf } from './installation.js';
import { loadBinding } from './load-binding.js';
import { restoreRemovedUtilities } from './removed-utilities.js';

useInstallationFolder();

function install(record: string, binding: string): void {
  const installation = installationOf('cpu');
  mkdirSync(dirname(installation.record), { recursive: true });
  writeFileSync(installation.record, record);
  writeFileSync(installation.binding, binding);
}

describe('the binding', () => {
  it('is not there where nothing was set up', () => {
    expect(loadBinding('cpu')).toBeUndefined();
  });

  it('is broken where its file is no library', () => {
    install('{"tensorflow":"2.21.0","sources":"4.22.0"}', 'not a library');
    expect(() => loadBinding('cpu')).toThrow(
      expect.objectContaining({
        code: 'E_BACKEND_UNAVAILABLE',
        field: 'binding',
        hint: 'npx --package @attune/backend-tfjs attune-tfjs-setup',
      }),
    );
  });

  it.each(['{"tensorflow":', '{"tensorflow":2}'])('is broken where its record is %s', (record) => {
    install(record, '');
    expect(() => loadBinding('cpu')).toThrow(
      expect.objectContaining({ code: 'E_BACKEND_UNAVAILABLE', field: 'binding' }),
    );
  });
});

describe('what Node 23 removed', () => {
  it('is put back where it is missing, and only there', () => {
    const util = { isArray: 'own' };
    restoreRemovedUtilities(util);
    expect(util.isArray).toBe('own');
    const isNull: unknown = Reflect.get(util, 'isNullOrUndefined');
    if (typeof isNull !== 'function') throw new TypeError('isNullOrUndefined is missing');
    expect([null, undefined, 0].map((value) => isNull(value))).toEqual([true, true, false]);
  });
});
