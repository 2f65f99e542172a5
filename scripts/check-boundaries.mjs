// Checks the package boundaries of the design: who may import whom, that only Node-only files import `node:`, and that every
// workspace declares which of our packages it imports: they are built in that order.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const mayImport = {
  ir: [],
  hub: ['ir'],
  core: ['ir', 'hub'],
  data: ['ir', 'core', 'hub'],
  // A task says how rows become fields: it takes the sources, labels and collation of data, which knows no task.
  tasks: ['ir', 'core', 'hub', 'data'],
  models: ['ir', 'core', 'hub', 'data', 'tasks'],
  strategies: ['ir', 'core', 'hub', 'tasks'],
  inference: ['ir', 'core', 'hub', 'tasks', 'data', 'models', 'strategies'],
  compare: ['ir', 'core', 'hub', 'tasks', 'data', 'models', 'strategies'],
  'base-mini': [],
  'backend-onnx': ['ir'],
  'backend-tfjs': ['ir'],
  'backend-webgpu': ['ir'],
  conformance: ['ir', 'core', 'hub'],
  attune: [
    ...['ir', 'core', 'hub', 'data', 'models', 'strategies', 'inference', 'cli'],
    ...['backend-onnx', 'backend-tfjs', 'backend-webgpu'],
  ],
  cli: [
    ...['ir', 'core', 'hub', 'tasks', 'data', 'models', 'strategies', 'inference', 'compare'],
    ...['backend-onnx', 'backend-tfjs', 'backend-webgpu'],
  ],
};

/** Files that may import `node:` modules: the command, the Node halves, and what only tests load. */
const nodeOnly =
  /^packages\/(cli\/|[a-z-]+\/src\/(.*\/)?(node[-.]|testing\/)|[a-z-]+\/src\/.*\.test\.ts$)|tsup\.config\.ts$|vitest/;

/** What only tests load may import any of our packages: declared, some would close a circle of builds. */
const isOfTests = (path) => path.endsWith('.test.ts') || path.includes('/testing/');

const problems = [];
for (const [name, allowed] of Object.entries(mayImport)) {
  for (const file of sources(join(root, 'packages', name, 'src'))) {
    const path = relative(root, file);
    for (const specifier of imports(readFileSync(file, 'utf8'))) {
      const target = /^@attune\/([a-z-]+)/.exec(specifier)?.[1];
      if (target && target !== name && !allowed.includes(target) && !isOfTests(path)) {
        problems.push(`${path} imports ${specifier}; ${name} may import ${allowed.join(', ') || 'no other package'}`);
      }
      if (specifier.startsWith('node:') && !nodeOnly.test(path)) {
        problems.push(`${path} imports ${specifier}; it must run in browsers too`);
      }
    }
  }
}
const folders = ['packages', 'examples'].flatMap((parent) =>
  readdirSync(join(root, parent)).map((name) => `${parent}/${name}`),
);
for (const folder of [...folders, 'bench', 'parity', 'testing']) {
  const text = readFileSync(join(root, folder, 'package.json'), 'utf8');
  const { name: own, dependencies, devDependencies, peerDependencies } = JSON.parse(text);
  const declared = new Set([
    own,
    ...[dependencies, devDependencies, peerDependencies].flatMap((each) => Object.keys(each ?? {})),
  ]);
  for (const file of sources(join(root, folder))) {
    const path = relative(root, file);
    if (isOfTests(path)) continue;
    for (const specifier of imports(readFileSync(file, 'utf8'))) {
      const target = /^(@attune\/[a-z-]+|attune)(?=\/|$)/.exec(specifier)?.[1];
      if (target && !declared.has(target))
        problems.push(`${path} imports ${specifier}, which ${folder}/package.json lacks`);
    }
  }
}
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'package boundaries hold' : `${problems.length} boundary violations`);
process.exitCode = problems.length === 0 ? 0 : 1;

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (['node_modules', 'dist'].includes(entry.name)) continue;
    if (entry.isDirectory()) yield* sources(path);
    else if (path.endsWith('.ts')) yield path;
  }
}

function* imports(text) {
  for (const match of text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)) yield match[1];
}
