// What no import shows: programs that are started by their path, and what only other programs load.
import { readdirSync, readFileSync } from 'node:fs';

const config = {
  workspaces: {
    '.': {
      entry: ['scripts/*.mjs'],
      // Started as commands by scripts/check-packages.mjs and setup.mjs.
      ignoreDependencies: ['@arethetypeswrong/cli', 'turbo'],
      ignoreBinaries: ['unshare'],
    },
    bench: {
      // Started by scripts/bench.mjs, or bundled by it and webgpu.mjs.
      entry: [
        '*.mjs',
        'attune-*.ts',
        'defaults.ts',
        'forgetting.ts',
        'ulmfit.ts',
        'generate.ts',
        'transfer.ts',
        'webgpu/page.ts',
      ],
    },
    'examples/anywhere': {
      // Bundled by scripts/anywhere.mjs.
      entry: ['*-command.ts', 'page.ts'],
    },
    'examples/use-cases': {
      // Started by their paths, as their READMEs say.
      entry: ['*/main.ts'],
    },
    'examples/quickstart': {
      // Bundled and started by scripts/run-example.mjs.
      entry: ['main.ts'],
    },
    'examples/base-mini': {
      // Bundled and started by scripts/run-example.mjs.
      entry: ['*-command.ts'],
    },
    'examples/browser': {
      // Read by offline.ts.
      entry: ['service-worker.js'],
    },
    'packages/backend-onnx': {
      // Written by protoc from the whole of onnx.proto, by a plugin that protoc finds in the PATH.
      ignore: ['src/generated/onnx_pb.ts'],
      ignoreDependencies: ['@bufbuild/protoc-gen-es'],
      ignoreBinaries: ['protoc'],
    },
    'packages/core': {
      // The training process that the tests of faults start and kill; they mount a small disk for it.
      entry: ['src/trainer/testing/child.ts'],
      ignoreBinaries: ['mount', 'umount'],
      // The tests train on them; as development dependencies they would close a circle of builds.
      ignoreDependencies: [
        '@attune/backend-onnx',
        '@attune/backend-tfjs',
        '@attune/backend-webgpu',
        '@attune/data',
        '@attune/models',
        '@attune/strategies',
      ],
    },
    // A command of its own. A test breaks the binding by compiling it wrongly.
    'packages/backend-tfjs': { entry: ['src/setup/node-command.ts'], ignoreBinaries: ['c\\+\\+'] },
    // Their tests load and train what they make, by packages that are built after them.
    'packages/models': { ignoreDependencies: ['@attune/backend-onnx', '@attune/strategies'] },
    'packages/tasks': {
      ignoreDependencies: ['@attune/backend-onnx', '@attune/inference', '@attune/models', '@attune/strategies'],
    },
    'packages/inference': { ignoreDependencies: ['@attune/backend-onnx', '@attune/conformance'] },
    'packages/compare': { ignoreDependencies: ['@attune/backend-onnx', '@attune/inference'] },
    'packages/cli': { ignoreBinaries: ['mkfifo', 'script', 'mount', 'umount'] },
    'packages/data': { ignoreBinaries: ['mkfifo'] },
    'packages/hub': {
      // The process that the tests of locks start, and what workers run (scripts/worker-source.mjs).
      entry: ['src/testing/lock-child.ts', 'src/*/worker/script.ts'],
      ignoreBinaries: ['mkfifo', 'mount', 'umount'],
    },
  },
};

// What packages export: knip finds no source of a file in `dist/node`, nor what scripts/package-build.mjs builds.
for (const name of readdirSync('packages')) {
  const { exports } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'));
  const sources = Object.values(exports)
    .flatMap((conditions) => Object.values(conditions))
    .filter((file) => /^\.\/dist\/[\w-]+\.js$/.test(file))
    .map((file) => file.replace('./dist/', 'src/').replace('.js', '.ts'));
  const path = `packages/${name}`;
  const { entry = [], ...others } = config.workspaces[path] ?? {};
  config.workspaces[path] = { ...others, entry: [...new Set([...entry, ...sources])] };
}

export default config;
