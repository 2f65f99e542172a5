/** Audit S2: what dependencies would run at install. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const runtime = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));

describe('audit S2: install scripts', () => {
  it('are those of packages that were read, and the repository runs none of them', () => {
    const { packages }: LockFile = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    const found = Object.keys(packages).filter((path) => packages[path]?.hasInstallScript);
    expect(found.map((path) => path.replace(/^.*node_modules\//, ''))).toEqual([
      '@tensorflow/tfjs-node',
      '@tensorflow/tfjs-node-gpu',
      'core-js',
      'esbuild',
      'onnxruntime-node',
      'protobufjs',
      'webgpu',
    ]);
    expect(readFileSync(join(root, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m);
  });

  it('ONNX Runtime downloads nothing at install with ONNXRUNTIME_NODE_INSTALL=skip', () => {
    const files = () => readdirSync(join(runtime, 'bin'), { recursive: true }).toSorted();
    const before = files();
    // A proxy that is not there: a download would fail at once.
    const env = {
      PATH: process.env.PATH,
      ONNXRUNTIME_NODE_INSTALL: 'skip',
      GLOBAL_AGENT_HTTPS_PROXY: 'http://127.0.0.1:9',
    };
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(runtime, 'script/install.js')], {
      env,
      encoding: 'utf8',
    });
    expect([status, stdout, stderr]).toEqual([0, '', '']);
    expect(files()).toEqual(before);
  });
});
