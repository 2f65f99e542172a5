import { describe, expect, it } from 'vitest';
import { useLoadCheck } from './load-check.js';

describe.each([
  ['that is not there', '/nowhere/python', /ended with -2: .*ENOENT/],
  ['that is another program', process.execPath, /ended with 1: .*load_check\.py/s],
])('the load check by a Python %s', (_, command, message) => {
  const loadCheck = useLoadCheck(command);

  it('says so', async () => {
    await expect(loadCheck({})).rejects.toThrow(message);
    await expect(loadCheck({})).rejects.toThrow(message);
  });
});
