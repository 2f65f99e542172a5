import { AttuneError } from '@attune/ir';
import { describe, expect, it } from 'vitest';
import { exitCodeOf } from './exit-codes.js';
import { inCommandSpelling } from './spelling.js';

describe('errors in the spelling of the command', () => {
  it('an option is called by its flag where it was given as one', () => {
    const error = new AttuneError('E_CONFIG', 'The options of training are wrong: evalSteps needs evalSteps.', {
      field: 'evalSteps',
    });
    const message = (flags: readonly string[]) => inCommandSpelling(error, 'train', flags).message;
    expect(message(['evalSteps'])).toBe('The options of training are wrong: --eval-steps needs evalSteps.');
    expect(message(['model'])).toBe(error.message);
  });

  it('hints show flags, and no command but train is told to resume', () => {
    const full = new AttuneError('E_DISK', 'x', { hint: 'Free some space and run the command again with --resume.' });
    expect(inCommandSpelling(full, 'train', []).hint).toContain('--resume');
    for (const command of ['merge', 'export']) {
      expect(inCommandSpelling(full, command, []).hint).toBe('Free some space and run the command again.');
    }
    const rows = new AttuneError('E_DATA_ROWS', 'x', { hint: "Correct the rows, or skip them with onBadRow: 'skip'." });
    expect(inCommandSpelling(rows, 'evaluate', []).hint).toBe('Correct the rows, or skip them with --on-bad-row skip.');
    const quotes = new AttuneError('E_DATA', 'x', { hint: "Read quotes as characters with quote: 'none'." });
    expect(inCommandSpelling(quotes, 'evaluate', []).hint).toBe('Read quotes as characters with --quote none.');
  });
});

it('exit codes of errors, and of what is no error of Attune', () => {
  const codes = (['E_DATA_ROWS', 'E_DISK', 'E_LOCKED', 'E_BACKEND_UNAVAILABLE'] as const).map((code) =>
    exitCodeOf(new AttuneError(code, 'x')),
  );
  expect(codes).toEqual([2, 1, 3, 4]);
  const foreign = Object.assign(new Error('x'), { name: 'AttuneError', code: 'toString' });
  expect([exitCodeOf(foreign), exitCodeOf(new Error('x')), exitCodeOf(undefined)]).toEqual([1, 1, 1]);
});
