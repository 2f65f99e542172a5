/** The binding of tfjs-node, compiled from its own sources against the libraries of Python's package. */
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AttuneError } from '@attune/ir';
import type { Installation } from '../native/installation.js';
import { runCommand } from './node-run.js';

const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'];
const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/**
 * Compiles, and returns the version of the sources.
 * @param tensorflow the folder of Python's package
 * @throws AttuneError `E_BACKEND_UNAVAILABLE` where sources, headers or a compiler are missing
 */
export async function compileBinding({ binding }: Installation, tensorflow: string, compiler: string): Promise<string> {
  const tfjsNode = packageFolder('@tensorflow/tfjs-node');
  if (tfjsNode === undefined) {
    throw new AttuneError('E_BACKEND_UNAVAILABLE', 'The package @tensorflow/tfjs-node is not installed.', {
      field: '@tensorflow/tfjs-node',
      hint: 'npm install --ignore-scripts @tensorflow/tfjs-node@4.22',
    });
  }
  const unfinished = `${binding}.part`;
  const args = [
    ...['-O2', '-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8'],
    ...[tfjsNode, join(tensorflow, 'include'), nodeHeaders()].map((folder) => `-I${folder}`),
    ...sources.map((name) => join(tfjsNode, 'binding', name)),
    ...libraries.map((name) => join(tensorflow, name)),
    `-Wl,-rpath,${tensorflow}`,
    ...['-o', unfinished],
  ];
  await runCommand(compiler, args, {
    problem: 'The binding cannot be compiled',
    field: 'compiler',
    hint: 'apt-get install g++, or name another compiler by the variable CXX.',
  });
  renameSync(unfinished, binding);
  const { version }: { version: string } = JSON.parse(readFileSync(join(tfjsNode, 'package.json'), 'utf8'));
  return version;
}

/** The headers of Node-API: those that came with this Node, else those of the package node-api-headers. */
function nodeHeaders(): string {
  const packaged = packageFolder('node-api-headers');
  const folders = [
    join(dirname(process.execPath), '..', 'include', 'node'),
    ...(packaged === undefined ? [] : [join(packaged, 'include')]),
  ];
  const found = folders.find((folder) => existsSync(join(folder, 'node_api.h')));
  if (found !== undefined) return found;
  throw new AttuneError('E_BACKEND_UNAVAILABLE', `This Node came without headers (${folders[0]}).`, {
    field: 'node',
    hint: 'npm install node-api-headers',
  });
}

/** The folder of an installed package, as this package or the project in the working directory sees it. */
function packageFolder(name: string): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return dirname(createRequire(from).resolve(`${name}/package.json`));
    } catch {
      // Not from there.
    }
  }
  return undefined;
}
