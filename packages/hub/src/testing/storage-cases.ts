/** What every storage does, in Node and in browsers: cases on an empty storage, each with what it should observe. */
import { isAttuneError } from '@attune/ir';
import { type Storage, writeFile } from '../storage.js';

export interface StorageCase {
  readonly name: string;
  /** What is seen, as JSON carries it. */
  observe(storage: Storage): Promise<unknown>;
  readonly expected: unknown;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const textOf = async (storage: Storage, path: string): Promise<string> =>
  new TextDecoder().decode(await storage.read(path));

const names = async (storage: Storage, path: string): Promise<readonly string[]> =>
  (await storage.list(path)).map(({ name, kind }) => (kind === 'directory' ? `${name}/` : name));

/** The code of the error that the action ends with. */
async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
    return 'no error';
  } catch (error) {
    return isAttuneError(error) ? error.code : String(error);
  }
}

export const storageCases: readonly StorageCase[] = [
  {
    name: 'writes a file whole or not at all',
    async observe(storage) {
      const writer = await storage.create('a/b.txt');
      await writer.write(bytes('half'));
      const before = await storage.exists('a/b.txt');
      await writer.abort();
      const aborted = await names(storage, 'a');
      await writeFile(storage, 'a/b.txt', 'whole');
      return { before, aborted, text: await textOf(storage, 'a/b.txt'), size: await storage.size('a/b.txt') };
    },
    expected: { before: false, aborted: [], text: 'whole', size: 5 },
  },
  {
    name: 'replaces a file whole or not at all',
    async observe(storage) {
      await writeFile(storage, 'file', 'old');
      const writer = await storage.create('file');
      await writer.write(bytes('new '));
      const before = await textOf(storage, 'file');
      await writer.write(bytes('one'));
      await writer.close();
      return [before, await textOf(storage, 'file'), await names(storage, '')];
    },
    expected: ['old', 'new one', ['file']],
  },
  {
    name: 'reads parts of a file, no further than its end',
    async observe(storage) {
      await writeFile(storage, 'file', '0123456789');
      const part = async (start: number, end: number) =>
        new TextDecoder().decode(await storage.read('file', { start, end }));
      return [await part(1, 4), await part(0, 0), await part(9, 10), await part(8, 20)];
    },
    expected: ['123', '', '9', '89'],
  },
  {
    name: 'writes what shares memory, and does not keep it',
    async observe(storage) {
      const shared = new Uint8Array(new SharedArrayBuffer(4), 1, 3).fill(7);
      const writer = await storage.create('file');
      await writer.write(shared);
      shared.fill(8);
      await writer.write(shared);
      await writer.close();
      return Array.from(await storage.read('file'));
    },
    expected: [7, 7, 7, 8, 8, 8],
  },
  {
    name: 'lists directories by name, and removes them with what is in them',
    async observe(storage) {
      await storage.makeDirectory('b/d/e');
      await writeFile(storage, 'b/c', '');
      await writeFile(storage, 'a', '');
      const all = [await names(storage, ''), await names(storage, 'b'), await names(storage, 'b/d/e')];
      await storage.remove('b');
      await storage.remove('b');
      await storage.remove('nothing/at/all');
      return [...all, await names(storage, ''), await storage.exists('b/c'), await storage.exists('')];
    },
    expected: [['a', 'b/'], ['c', 'd/'], [], ['a'], false, true],
  },
  {
    name: 'renames a file over another',
    async observe(storage) {
      await writeFile(storage, 'a', 'one');
      await writeFile(storage, 'b/c', 'two');
      await storage.rename('a', 'b/c');
      return [await names(storage, ''), await names(storage, 'b'), await textOf(storage, 'b/c')];
    },
    expected: [['b/'], ['c'], 'one'],
  },
  {
    name: 'renames a directory, also over an empty one',
    async observe(storage) {
      await writeFile(storage, 'a/x', 'x');
      await writeFile(storage, 'a/b/y', 'y');
      await storage.makeDirectory('a/c');
      await storage.rename('a', 'd');
      await storage.makeDirectory('e');
      await storage.rename('d', 'e');
      return [await names(storage, ''), await names(storage, 'e'), await textOf(storage, 'e/b/y')];
    },
    expected: [['e/'], ['b/', 'c/', 'x'], 'y'],
  },
  {
    name: 'renames nothing over what is in the way',
    async observe(storage) {
      await writeFile(storage, 'file', 'kept');
      await writeFile(storage, 'full/inside', 'kept');
      await writeFile(storage, 'other/inside', '');
      const codes = [
        await codeOf(() => storage.rename('other', 'full')),
        await codeOf(() => storage.rename('other', 'file')),
        await codeOf(() => storage.rename('file', 'full')),
        await codeOf(() => storage.rename('nothing', 'new')),
      ];
      return [codes, await textOf(storage, 'file'), await textOf(storage, 'full/inside'), await names(storage, '')];
    },
    expected: [['E_DISK', 'E_DISK', 'E_DISK', 'E_FILE_MISSING'], 'kept', 'kept', ['file', 'full/', 'other/']],
  },
  {
    name: 'says what is missing',
    observe: async (storage) => [
      await codeOf(() => storage.read('nothing')),
      await codeOf(() => storage.size('no/thing')),
      await codeOf(() => storage.list('nothing')),
      await storage.exists('nothing'),
    ],
    expected: ['E_FILE_MISSING', 'E_FILE_MISSING', 'E_FILE_MISSING', false],
  },
  {
    name: 'T20 disk-full: says that a file stands where a directory is needed, and that a directory is no file',
    async observe(storage) {
      await writeFile(storage, 'file', '');
      await storage.makeDirectory('directory');
      return [
        await codeOf(() => storage.makeDirectory('file')),
        await codeOf(() => storage.makeDirectory('file/below')),
        await codeOf(() => storage.create('file/below')),
        await codeOf(() => storage.list('file')),
        await codeOf(() => storage.read('directory')),
        await codeOf(() => storage.read('')),
        await storage.exists('file/below'),
      ];
    },
    expected: ['E_DISK', 'E_DISK', 'E_DISK', 'E_DISK', 'E_DISK', 'E_DISK', false],
  },
  {
    name: 'keeps paths inside',
    observe: (storage) =>
      Promise.all(
        ['../x', 'a/../../x', '/etc/passwd', 'C:\\x', '\\\\host\\share', 'a\0b'].flatMap((path) => [
          codeOf(() => storage.read(path)),
          codeOf(() => storage.create(path)),
        ]),
      ),
    expected: new Array(12).fill('E_PATH_ESCAPE'),
  },
  {
    name: 'T25 two-writers: a lock is taken once, until it is given back',
    async observe(storage) {
      await storage.requireUnlocked('.lock');
      const unlock = await storage.lock('.lock');
      const meanwhile = [
        await codeOf(() => storage.lock('.lock')),
        await codeOf(() => storage.requireUnlocked('.lock')),
        await codeOf(() => storage.requireUnlocked('.other')),
      ];
      await unlock();
      await storage.requireUnlocked('.lock');
      await (await storage.lock('.lock'))();
      return [meanwhile, await names(storage, '')];
    },
    expected: [['E_LOCKED', 'E_LOCKED', 'no error'], []],
  },
];
