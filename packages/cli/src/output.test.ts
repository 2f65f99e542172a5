/** audit F15: what files hold is shown, and a terminal does not obey it. */
import { inMemory, writeSafetensors } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { hostTensor } from '@attune/ir';
import { writeTinyBert } from '@attune/models/testing/tiny-bert';
import pico from 'picocolors';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatTable, printable } from './output.js';
import { type CommandEnd, runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
afterAll(() => folder.remove());

/** The clipboard, the title, the cursor, a bell, and controls of one byte. */
const hostile = '\u001b]52;c;ZXZpbA==\u0007\u001b]0;title\u001b\\\u001b[2J\r\u009b1A\u007f\u0000';
const shown = '\\u001b]52;c;ZXZpbA==\\u0007';
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/** Colours of the command's own words apart. */
const printed = ({ out, err }: CommandEnd): string =>
  out + err.replaceAll(pico.red('error'), 'error').replaceAll(pico.yellow('hint'), 'hint');

describe('audit F15: control characters of files never reach the terminal', () => {
  beforeAll(async () => {
    await writeTinyBert(nodeStorage(at('base')));
    file(
      'train.csv',
      `text,label,"${hostile.replace('\u0000', '')}"\nthe cat,"a${hostile}",\nthe dog,"b${hostile}",\n`,
    );
    const { code, err } = await runCommand([
      ...['train', '--model', at('base'), '--train', at('train.csv'), '--output', at('model'), '--max-steps', '1'],
      ...['--strategy', 'head', '--max-length', '8', '--threads', '1'],
    ]);
    expect([code, err]).toEqual([0, expect.any(String)]);
    const tensors = new Map([[`a${hostile}`, hostTensor([1], [1])]]);
    await writeSafetensors(nodeStorage(folder.path), 'named.safetensors', inMemory(tensors));
  });

  it.each<[string, readonly string[]]>([
    ['names of tensors', ['inspect', 'named.safetensors']],
    ['labels of predictions', ['predict', '--model', 'model', '--text', 'the cat']],
    ['texts', ['predict', '--model', 'model', '--text', `the ${hostile.replace('\u0000', '')}`]],
    ['labels of evaluations', ['evaluate', '--model', 'model', '--data', 'train.csv']],
    ['columns in errors and hints', ['evaluate', '--model', 'model', '--data', 'train.csv', '--label-column', 'x']],
    ['labels in a summary', ['train', '--model', 'base', '--train', 'train.csv', '--output', 'new', '--dry-run']],
  ])('%s', async (_, args) => {
    const paths = new Set(['named.safetensors', 'model', 'train.csv', 'base', 'new']);
    const placed = args.map((each) => (paths.has(each) ? at(each) : each));
    const people = printed(await runCommand(placed));
    expect(people).not.toMatch(obeyed);
    const machines = await runCommand([...placed, '--json']);
    expect(machines.out).not.toMatch(obeyed);
    expect(people + machines.out).toContain(shown);
    expect(() =>
      machines.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).not.toThrow();
  });

  it('what is no control stays as it is; cells of tables keep to their line', () => {
    const text = 'café 東京 😍 مرحبا\n\tnext';
    expect(printable(text)).toBe(text);
    expect(
      formatTable([
        ['a\nb\t', 'c'],
        ['d', 'e'],
      ]),
    ).toBe('a\\u000ab\\u0009  c\nd               e');
  });
});
