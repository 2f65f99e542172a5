/** A plugin of Vite's for pages that open without a network. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

/** Writes the service worker beside the built page, with the names of the files that it keeps. */
export function offline(): Plugin {
  return {
    name: 'offline',
    apply: 'build',
    writeBundle({ dir = 'dist' }) {
      // Weights are kept by the page itself.
      const files = readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.safetensors'))
        .map(({ parentPath, name }) => join(parentPath, name));
      const hash = createHash('sha256');
      for (const file of files) hash.update(readFileSync(file));
      const names = files
        .map((file) => relative(dir, file))
        .map((name) => (name === 'index.html' ? './' : `./${name}`));
      const values = { files: names, version: hash.digest('hex').slice(0, 12) };
      const constants = Object.entries(values).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};\n`);
      const source = readFileSync(fileURLToPath(new URL('service-worker.js', import.meta.url)), 'utf8');
      writeFileSync(join(dir, 'service-worker.js'), constants.join('') + source);
    },
  };
}
