/** Config files: what they must not do, and what they may. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { runCommand, testFolder } from './testing/run-command.js';

const folder = testFolder();
const { at, file } = folder;
afterAll(() => folder.remove());

const withConfig = (name: string, content: string, ...args: string[]) =>
  runCommand([...args, '--config', file(name, content)]);

describe('T14 config-hostile', () => {
  it.each([
    ['a key twice', '{ "epochs": 1, "seed": 2,\n "epochs": 3 }', 'epochs', /json:2:2: .*"epochs" twice/],
    ['a key twice by an escape', '{ "epochs": 1, "\\u0065pochs": 3 }', 'epochs', /json:1:16: .*"epochs" twice/],
    ['null', '{\n  "seed": 1,\n  "epochs": null }', 'epochs', /json:3:3: epochs is null/],
    ['__proto__', '{ "__proto__": { "epochs": 1 } }', '__proto__', /json:1:3: __proto__ is no option/],
    ['constructor', '{ "constructor": { "prototype": { "x": 1 } } }', 'constructor', /constructor is no option/],
    ['extends', '{ "seed": 1,\n"extends": "https://example.org/c.json" }', 'extends', /json:2:1: extends is no option/],
    ['nesting', `{ "seed": ${'['.repeat(10_000)}`, undefined, /json:1:30: the file is nested too deeply/],
    ['a long key', `{ "${'epochs'.repeat(100_000)}": 1 }`, 'epochs'.repeat(100_000), /^.{1,300}$/],
    ['null in place of options', 'null', undefined, /holds null; an object/],
    ['a text in place of options', '"epochs"', undefined, /holds "epochs"; an object/],
    ['a list in place of options', '[]', undefined, /holds a list; an object/],
    ['an end too early', '{\n', undefined, /json:2:1: the file is not valid JSON: close brace expected\.$/],
    ['a comma too many', '{ "a": [1, 2,} }', undefined, /json:1:14: the file is not valid JSON: value expected\.$/],
    ['a comment', '{ // seed\n }', undefined, /json:1:3: the file is not valid JSON: invalid comment token\.$/],
    ['nothing', '', undefined, /json:1:1: the file is not valid JSON: value expected\.$/],
  ])('%s', async (_, content, field, message) => {
    const { code, last } = await withConfig('hostile.json', content, 'doctor', '--json');
    expect(code).toBe(2);
    expect(last).toMatchObject({ code: 'E_CONFIG', file: at('hostile.json'), message: expect.stringMatching(message) });
    expect(last.field).toBe(field);
  });

  it('audit L5, L6, T14: what is no file of text, and 50 MB, in no time', async () => {
    writeFileSync(at('latin.json'), Buffer.from('{ "textColumn": "caf\xe9" }', 'latin1'));
    writeFileSync(at('large.json'), '{ "seed": 1 }');
    truncateSync(at('large.json'), 50e6);
    mkdirSync(at('directory.json'));
    execFileSync('mkfifo', [at('pipe.json'), at('pipe.ts')]);
    const found: unknown[] = [];
    for (const name of ['latin.json', 'large.json', 'directory.json', 'pipe.json', 'pipe.ts']) {
      const { code, last } = await runCommand(['doctor', '--json', '--config', at(name)]);
      expect([code, last.code, last.file]).toEqual([2, 'E_CONFIG', at(name)]);
      found.push(String(last.message).replace(`${folder.path}/`, ''));
    }
    expect(found).toEqual([
      'latin.json is not valid UTF-8.',
      'large.json has 50000000 bytes; a config file has at most 1048576.',
      'directory.json is not a regular file.',
      'pipe.json is not a regular file.',
      'pipe.ts is not a regular file.',
    ]);
  });

  it('T14 config-hostile: as many unknown keys as fit are counted, and the first are named', async () => {
    const keys = Array.from({ length: 40_000 }, (_, index) => `"learningRat${index}": 1`);
    const { code, last } = await withConfig('keys.json', `{ ${keys.join(', ')} }`, 'doctor', '--json');
    expect([code, last.message]).toEqual([
      2,
      expect.stringMatching(/learningRat0 is no option, .*; and 39980 more\.$/),
    ]);
  });

  it('T14 config-hostile: nothing is fetched for a config that wants to extend another', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('no network'));
    for (const source of ['https://example.org/config.json', 'gh:someone/config', 'npm:config']) {
      for (const [name, content] of [
        ['extending.json', JSON.stringify({ extends: source })],
        ['extending.ts', `export default { extends: '${source}' }`],
      ] as const) {
        const { code, last } = await withConfig(name, content, 'doctor', '--json');
        expect([code, last.message]).toEqual([2, expect.stringContaining('extends is no option')]);
      }
    }
    expect(fetched).not.toHaveBeenCalled();
    fetched.mockRestore();
  });

  it.each([
    ['null', 'export default null', /holds null/],
    ['a null value', 'export default { epochs: null }', /epochs is null/],
    ['a prototype', 'export default { __proto__: { epochs: 1 } }', /__proto__ is no option/],
    ['extends', 'export default { extends: "gh:someone/config" }', /extends is no option/],
  ])('a script that exports %s', async (_, content, message) => {
    const { code, last } = await withConfig('hostile.ts', content, 'doctor', '--json');
    expect(code).toBe(2);
    expect(last.message).toMatch(message);
  });

  it('a file that is missing, and one of another kind', async () => {
    const { err } = await runCommand(['doctor', '--config', at('nothing.json')]);
    expect(err).toContain(`There is no config file ${at('nothing.json')}. (E_CONFIG)`);
    expect((await withConfig('attune.yaml', 'epochs: 1', 'doctor')).err).toContain('must end in .json, .ts or .js');
  });

  it('a script sets options, and --json may come from a file', async () => {
    const { code, last } = await withConfig(
      'good.ts',
      'export default { json: true as boolean, epochs: 2 }',
      'backends',
    );
    expect([code, last.type]).toEqual([0, 'result']);
  });
});

describe('scripts', () => {
  const home = process.cwd();
  const temporary = process.env.TMPDIR;
  const project = (name: string) => {
    mkdirSync(at(`${name}/tmp`), { recursive: true });
    writeFileSync(
      at(`${name}/attune.config.ts`),
      `import { writeFileSync } from 'node:fs'; writeFileSync('ran', ''); export default { epochs: 'x' as string };`,
    );
    process.chdir(at(name));
    process.env.TMPDIR = at(`${name}/tmp`);
  };
  afterEach(() => {
    process.chdir(home);
    if (temporary === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = temporary;
  });

  it('audit F4: nothing is left in the temporary directory or beside the script, and nothing is taken from there', async () => {
    project('cached');
    for (const times of [1, 2]) {
      const { code, last } = await runCommand(['train', '--json']);
      expect([code, last.message], `${times}`).toEqual([2, expect.stringContaining('attune.config.ts: epochs is "x"')]);
    }
    expect(readdirSync(at('cached'), { recursive: true }).sort()).toEqual(['attune.config.ts', 'ran', 'tmp']);
  });

  it('audit F16: only train runs a script that lies in the working directory; others say so and leave it alone', async () => {
    project('foreign');
    for (const command of ['inspect', 'evaluate', 'predict', 'merge', 'export']) {
      const { err } = await runCommand([command]);
      expect(err).toContain('attune.config.ts was not run');
    }
    expect(existsSync('ran')).toBe(false);
    await runCommand(['inspect', '--config', 'attune.config.ts']);
    expect(existsSync('ran')).toBe(true);
  });
});
