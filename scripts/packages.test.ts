import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const packages = fileURLToPath(new URL('../packages/', import.meta.url));
const names = readdirSync(packages);

interface PackageJson {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly sideEffects?: boolean;
  readonly license?: string;
}

/** What the data package ships beside its code. */
const modelFiles = [
  'config.json',
  'model.safetensors',
  'recipe.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.txt',
];

describe('T30 package-clean', () => {
  it.each(names)('%s has no install script, ships dist (and its model) only, and no secrets', (name) => {
    const json: PackageJson = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
    const scripts = Object.keys(json.scripts ?? {});
    expect(scripts.filter((script) => /^(pre|post)?(install|prepare)$/.test(script))).toEqual([]);
    expect(json).toMatchObject({ sideEffects: false, license: 'Apache-2.0' });
    expect(json.files?.filter((file) => file !== 'dist')).toEqual(name === 'base-mini' ? modelFiles : []);
  });

  it.each(names.filter((name) => name !== 'cli' && name !== 'conformance'))(
    '%s runs in browsers: no node: import in its bundle',
    async (name) => {
      const { metafile } = await build({
        entryPoints: [join(packages, name, 'dist/index.js')],
        bundle: true,
        write: false,
        metafile: true,
        format: 'esm',
        platform: 'browser',
        external: ['onnxruntime-node', 'onnxruntime-web'],
        logLevel: 'silent',
      });
      const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
      expect(imports.filter((path) => path.startsWith('node:'))).toEqual([]);
    },
  );

  it.each(names.filter((name) => name !== 'cli'))('every export of %s can be imported', async (name) => {
    const exported: Record<string, unknown> = await import(join(packages, name, 'dist/index.js'));
    expect(Object.keys(exported).length).toBeGreaterThan(0);
    expect(Object.values(exported).every((value) => value !== undefined)).toBe(true);
  });
});
