/** Field 5: what the command leaves on a terminal. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nodeStorage } from '@attune/hub/node';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testFolder } from './testing/run-command.js';
import { onTerminal, screenOf } from './testing/terminal.js';

const command = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = testFolder();
const { at, file } = folder;

beforeAll(async () => {
  await writeTinyBert(nodeStorage(at('model')));
  const rows = Array.from({ length: 2000 }, (_, row) => `the ${row % 2 ? 'cat' : 'dog'} sat ${row},${row % 2}`);
  file('train.csv', `text,label\n${rows.join('\n')}\n`);
  file('eval.csv', `text,label\n${rows.slice(0, 8).join('\n')}\n`);
});
afterAll(() => folder.remove());

const train = (output: string, ...more: string[]) => [
  ...[command, 'train', '--model', 'model', '--train', 'train.csv', '--eval', 'eval.csv', '--output', output],
  ...['--max-length', '8', '--batch-size', '4', '--eval-steps', '20', '--save-steps', '20', '--threads', '1', ...more],
];

/** Rows of a bar, or of the text beside it. */
const bar = /[=-]{5}|examples\/s|\bleft\b|tokenized/;

describe.skipIf(process.platform !== 'linux')('field 5: every line is readable afterwards', () => {
  it.each([40, 100])(
    'of a run, at %i columns',
    async (columns) => {
      const { lines, bytes, code } = await onTerminal(train(`run-${columns}`, '--max-steps', '60'), {
        columns,
        cwd: folder.path,
      });
      expect(code, bytes).toBe(0);
      expect(bytes).toMatch(/loss \d/);
      expect(lines.filter((line) => bar.test(line))).toEqual([]);
      const text = lines.join('\n');
      const parts = [20, 40, 60].flatMap((step) => [
        new RegExp(`^step ${step}: loss [\\d.]+, accuracy [\\d.]+.*$`, 'm'),
        new RegExp(`^saved checkpoint-${step}$`, 'm'),
      ]);
      const places = [
        /^training .* parameters \([\d.]+%\) on 2000 examples, 60 steps, onnx.*$/m,
        ...parts,
        /^completed after 60 steps$/m,
        new RegExp(`^run-${columns} holds the .*\\(\\d+ s\\)`, 'm'),
      ].map((line) => text.search(line));
      expect(places, text).not.toContain(-1);
      expect(places).toEqual([...places].sort((a, b) => a - b));
    },
    240_000,
  );

  it.each([40, 100])(
    'of a run that Ctrl-C ends, at %i columns',
    async (columns) => {
      let isSent = false;
      const { lines, bytes, code } = await onTerminal(train(`stopped-${columns}`, '--max-steps', '4000'), {
        columns,
        cwd: folder.path,
        type(printed, send) {
          if (isSent || !printed.includes('saved checkpoint-20')) return;
          isSent = true;
          send('\u0003');
        },
      });
      expect(code, bytes).toBe(130);
      expect(lines.filter((line) => bar.test(line))).toEqual([]);
      const text = lines.join('\n');
      expect(text).toMatch(/stopping; once more to stop at once\nfinishing the step and saving a checkpoint\n/);
      // A run that is stopped at a step whose checkpoint is there already saves no second one.
      expect(text).toMatch(/\nsaved checkpoint-(\d+)\n(?:.*\n)*aborted after \1 steps\ninterrupted; continue with /);
    },
    240_000,
  );

  it('of predictions, after a bar that shows how much is tokenized', async () => {
    const args = [command, 'predict', '--model', 'run-100', '--data', 'train.csv'];
    const { lines, bytes, code } = await onTerminal(args, { columns: 60, cwd: folder.path });
    expect(code).toBe(0);
    expect(bytes).toContain('tokenized');
    const plain = spawnSync(process.execPath, args, { cwd: folder.path, encoding: 'utf8' })
      .stdout.trimEnd()
      .split('\n');
    expect(plain.length).toBeGreaterThanOrEqual(2000);
    const shown = lines.join('\n').trimEnd().split('\n');
    expect(shown.slice(-plain.length)).toEqual(plain.map((line) => line.trimEnd()));
    expect(lines.filter((line) => bar.test(line))).toEqual([]);
  }, 240_000);
});

describe('field 5: the emulation itself', () => {
  it('wraps, clears and moves as a terminal does', () => {
    expect(screenOf('abcdef\r\nx', 4)).toEqual(['abcdef', 'x']);
    expect(screenOf('bar 50%\r\u001b[Kline\r\n', 20)).toEqual(['line']);
    expect(screenOf('bar 50%line\r\n', 20)).toEqual(['bar 50%line']);
    expect(screenOf('abc\u001b[1Gxy', 20)).toEqual(['xyc']);
    expect(() => screenOf('\u001b7', 20)).toThrow('unknown control sequence');
  });
});
