/** T30: the packages as a user gets them: packed, installed in an empty directory without scripts, and used there. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const names = readdirSync(join(root, 'packages'));
const folder = mkdtempSync(join(tmpdir(), 'attune-packages-'));
const app = join(folder, 'app');

/** Of the package in a folder of `packages`. */
const nameOf = (folder: string): string => (folder === 'attune' ? 'attune' : `@attune/${folder}`);

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
}

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly link?: boolean }>>;
}

function runIn(directory: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: directory, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stderr}`);
  return stdout;
}

/** The versions of the repository's lock file, with the packed packages in place of the workspaces. */
function writeProject(): void {
  const { packages }: LockFile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const dependencies = Object.fromEntries(
    names.map((name) => {
      const packed = `${nameOf(name).replace('@attune/', 'attune-')}-0`;
      return [nameOf(name), `file:../${readdirSync(folder).find((file) => file.startsWith(packed))}`];
    }),
  );
  const own = names.map((name) => {
    const { devDependencies: _, ...entry } = { devDependencies: {}, ...packages[`packages/${name}`] };
    return [`node_modules/${nameOf(name)}`, { ...entry, resolved: dependencies[nameOf(name)] }] as const;
  });
  const others = Object.entries(packages)
    .map(
      ([path, entry]) =>
        [path.replace(/^packages\/([^/]+)(?=\/)/, (_, name: string) => `node_modules/${nameOf(name)}`), entry] as const,
    )
    .filter(([path, { dev, link }]) => path.includes('node_modules/') && !path.startsWith('examples/') && !dev && !link)
    .filter(([path]) => !own.some(([name]) => name === path));
  const lock = { lockfileVersion: 3, packages: { '': { dependencies }, ...Object.fromEntries([...others, ...own]) } };
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  writeFileSync(join(app, 'package-lock.json'), JSON.stringify(lock));
}

beforeAll(() => {
  const workspaces = names.flatMap((name) => ['--workspace', `packages/${name}`]);
  runIn(root, 'npm', 'pack', ...workspaces, '--ignore-scripts', '--silent', '--pack-destination', folder);
  writeProject();
  runIn(app, 'npm', 'ci', '--ignore-scripts', '--prefer-offline', '--omit=peer', '--no-audit', '--no-fund');
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const installed = (name: string) => join(app, 'node_modules', nameOf(name));
const packageIn = (directory: string): PackageJson => JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
/** The command's own entry begins to run when it is imported. */
const commandEntry = '@attune/cli/command';
const entries = names
  .flatMap((name) =>
    Object.keys(packageIn(join(root, 'packages', name)).exports).map((path) => `${nameOf(name)}${path.slice(1)}`),
  )
  .filter((entry) => entry !== commandEntry);
const nodeOnly = ['@attune/cli', '@attune/cli/internal', '@attune/conformance', '@attune/hub/node', 'attune/node'];

/** What the data package ships beside its code. */
const modelFiles = [
  'NOTICE',
  'config.json',
  'model.safetensors',
  'recipe.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.txt',
];

describe('T30 package-clean', () => {
  it.each(names)(
    '%s has no install script, ships dist (and its model) only, and no secrets or paths of a machine',
    (name) => {
      const json = packageIn(installed(name));
      const scripts = Object.keys(json.scripts ?? {});
      expect(scripts.filter((script) => /^(pre|post)?(install|prepare)$/.test(script))).toEqual([]);
      expect(json).toMatchObject({ sideEffects: false, license: 'Apache-2.0' });
      expect(json.files?.filter((file) => file !== 'dist')).toEqual([
        ...(json.bin ? ['bin'] : []),
        ...(name === 'base-mini' ? modelFiles : []),
      ]);
      const files = readdirSync(installed(name), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.parentPath.slice(installed(name).length).includes('node_modules'))
        .map(({ parentPath, name: file }) => join(parentPath, file));
      for (const file of files) {
        const path = file.slice(installed(name).length + 1);
        if (json.files?.includes(path)) continue;
        expect(path).toMatch(/^(dist\/.*\.(js|d\.ts)|bin\/[a-z-]+\.js|package\.json|README\.md|LICENSE)$/);
        const secret =
          /\/(work|root|home)\/\w|\b(hf_|ghp_|npm_)\w{20}|AKIA[0-9A-Z]{16}|PRIVATE KEY|_authToken|\.env\b(?![.(])/;
        expect([path, secret.exec(readFileSync(file, 'utf8').replaceAll(/process\??\.env/g, ''))?.[0]]).toEqual([
          path,
          undefined,
        ]);
      }
    },
  );

  it.each(names)('%s depends on exactly the version that it was published with', (name) => {
    const { version, dependencies = {} } = packageIn(installed(name));
    const internal = Object.entries(dependencies).filter(([other]) => other.startsWith('@attune/'));
    expect(internal).toEqual(internal.map(([other]) => [other, version]));
  });

  it('every export can be imported in Node', () => {
    const script = `const found = {};
      for (const entry of ${JSON.stringify(entries)}) {
        const values = Object.entries(await import(entry));
        found[entry] = values.length > 0 && values.every(([, value]) => value !== undefined);
      }
      console.log(JSON.stringify(found));`;
    const found: unknown = JSON.parse(runIn(app, process.execPath, '--input-type=module', '--eval', script));
    expect(found).toEqual(Object.fromEntries(entries.map((entry) => [entry, true])));
  });

  it.each(entries.filter((entry) => !nodeOnly.includes(entry)))(
    '%s runs in browsers: no node: import in its bundle',
    async (entry) => {
      const { metafile } = await build({
        stdin: { contents: `export * from '${entry}'`, resolveDir: app },
        bundle: true,
        write: false,
        metafile: true,
        format: 'esm',
        platform: 'browser',
        external: ['onnxruntime-node', 'onnxruntime-web', '@tensorflow/*'],
        logLevel: 'silent',
      });
      const parts = [...Object.values(metafile.inputs), ...Object.values(metafile.outputs)];
      const imports = parts.flatMap((part) => part.imports.map(({ path }) => path));
      expect(imports.filter((path) => path.startsWith('node:'))).toEqual([]);
    },
  );

  it('the command: help and exit codes', async () => {
    const commands = [
      'train',
      'evaluate',
      'predict',
      'embed',
      'generate',
      'chat',
      'serve',
      'compare',
      'vectors',
      'merge',
      'combine',
      'export',
      'inspect',
      'backends',
      'doctor',
    ];
    const calls = [['--help'], [], ['nothing'], ...commands.flatMap((name) => [[name, '--help'], [name]])];
    const ends = await Promise.all(
      calls.map(async (args) => [`attune ${args.join(' ')}`.trim(), await end(args)] as const),
    );
    expect(Object.fromEntries(ends.map(([call, { code }]) => [call, code]))).toMatchSnapshot('exit codes');
    for (const [call, { out }] of ends) if (call.endsWith('--help')) expect(out).toMatchSnapshot(call);
  }, 60_000);

  it('--json: standard output is JSON line by line, what is for people goes to standard error', async () => {
    const calls = [['doctor'], ['inspect', 'nothing'], ['train']];
    for (const { out } of await Promise.all(calls.map((args) => end([...args, '--json'])))) {
      expect(() =>
        out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).not.toThrow();
    }
  });
});

/** Versions of Node to try beside this one: `ATTUNE_NODE_VERSIONS=22,24`. Each is a download of some 50 MB. */
const versions = (process.env.ATTUNE_NODE_VERSIONS ?? '').split(',').filter(Boolean);

describe.each(versions)('T30 package-clean: Node %s', (version) => {
  it('imports every export, and trains and answers without a network', { timeout: 600_000 }, () => {
    const nodePackage = `node-${process.platform}-${process.arch}`;
    const place = join(folder, `node-${version}`);
    mkdirSync(place);
    runIn(place, 'npm', 'install', '--prefix', place, '--ignore-scripts', '--no-audit', `${nodePackage}@${version}`);
    const node = join(place, 'node_modules', nodePackage, 'bin/node');
    expect(runIn(app, node, '--version')).toMatch(new RegExp(`^v${version}\\.`));
    const withoutNetwork = ['--user', '--map-root-user', '--net', node];
    const canUnshare = spawnSync('unshare', [...withoutNetwork, '--version']).status === 0;
    const run = (...args: string[]) =>
      canUnshare ? runIn(app, 'unshare', ...withoutNetwork, ...args) : runIn(app, node, ...args);
    run('--input-type=module', '--eval', entries.map((entry) => `await import('${entry}');`).join('\n'));
    writeFileSync(join(app, 'train.csv'), `text,label\n${'the cat,animal\nparis,place\n'.repeat(4)}`);
    const attune = (...args: string[]) => run('node_modules/@attune/cli/bin/attune.js', ...args);
    const output = `run-${version}`;
    const model = 'node_modules/@attune/base-mini';
    attune('train', '--model', model, '--train', 'train.csv', '--output', output, '--max-steps', '3');
    const answer = attune('predict', '--model', output, '--text', 'the cat', '--json');
    expect(JSON.parse(answer)).toMatchObject({
      labels: [{ label: expect.any(String) }, { label: expect.any(String) }],
    });
  });
});

interface End {
  readonly code: number | null;
  readonly out: string;
}

/** The installed command, in the empty directory. */
function end(args: readonly string[]): Promise<End> {
  const bin = join(app, 'node_modules/.bin/attune');
  const child = spawn(bin, args, { cwd: app, env: { ...process.env, NO_COLOR: '1' } });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out })));
}
