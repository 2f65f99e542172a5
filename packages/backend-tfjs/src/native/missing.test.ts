/** A machine without TensorFlow, or without what its binding needs, in the words of its own loader. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { tfjs } from '../backend.js';
import { useInstallationFolder } from '../testing/installation-folder.js';
import { installationOf, TENSORFLOW_VERSION, type Variant } from './installation.js';
import { loadBinding } from './load-binding.js';

const sources = fileURLToPath(new URL('..', import.meta.url));
const folder = useInstallationFolder();

describe('without TensorFlow', () => {
  it('asks to set it up', async () => {
    await expect(tfjs({ flavour: 'node' }).open()).rejects.toMatchObject({
      code: 'E_BACKEND_UNAVAILABLE',
      field: 'tensorflow',
      hint: 'npx --package @attune/backend-tfjs attune-tfjs-setup',
      message: 'TensorFlow is not set up.',
    });
  });

  it('asks for the package first where that is missing too', async () => {
    const outfile = join(folder(), 'open.mjs');
    const contents = `import { tfjs } from './backend.js';
      await tfjs({ flavour: 'node' }).open().catch(({ code, field, hint }) => console.log(JSON.stringify({ code, field, hint })));`;
    await build({
      stdin: { contents, resolveDir: sources },
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      alias: {
        '@attune/ir/internal': join(sources, '../../ir/src/internal.ts'),
        '@attune/ir': join(sources, '../../ir/src/index.ts'),
      },
      external: ['@tensorflow/tfjs-node*'],
      banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
    });
    const { stdout } = spawnSync(process.execPath, [outfile], { encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual({
      code: 'E_BACKEND_UNAVAILABLE',
      field: '@tensorflow/tfjs-node',
      hint: 'npm install --ignore-scripts @tensorflow/tfjs-node@4.22',
    });
  });
});

describe.skipIf(process.platform !== 'linux')('a binding', () => {
  function compile(name: string, source: string, ...flags: readonly string[]): string {
    const file = join(folder(), name);
    const options = ['-shared', '-fPIC', '-o', file, '-x', 'c++', '-', '-x', 'none', ...flags];
    const { stderr, status } = spawnSync('c++', options, { input: source, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    return file;
  }

  function install(variant: Variant, compiled: string): void {
    const { record, binding } = installationOf(variant);
    mkdirSync(dirname(record), { recursive: true });
    writeFileSync(record, JSON.stringify({ tensorflow: TENSORFLOW_VERSION, sources: '4.22.0' }));
    renameSync(compiled, binding);
  }

  it.each([
    ['libtensorflow_cc.so.2', 'tensorflow', 'The library of TensorFlow is missing'],
    ['libcudart.so.12', 'cuda', 'A library of CUDA is missing'],
  ])('without %s', (library, field, message) => {
    const needed = compile(library, '', `-Wl,-soname,${library}`);
    install('cuda', compile('binding.node', '', '-Wl,--no-as-needed', needed));
    rmSync(needed);
    expect(() => loadBinding('cuda')).toThrow(
      expect.objectContaining({
        code: 'E_BACKEND_UNAVAILABLE',
        field,
        hint: 'npx --package @attune/backend-tfjs attune-tfjs-setup --cuda',
        message: expect.stringContaining(message),
      }),
    );
  });

  it('with a function that no library has', () => {
    install('cpu', compile('binding.node', 'extern "C" void TFE_NewOp(); void (*call)() = TFE_NewOp;'));
    expect(() => loadBinding('cpu')).toThrow(
      expect.objectContaining({
        code: 'E_BACKEND_UNAVAILABLE',
        field: 'tensorflow',
        hint: 'npx --package @attune/backend-tfjs attune-tfjs-setup',
        message: expect.stringMatching(/another version.*undefined symbol: TFE_NewOp/),
      }),
    );
  });
});
