// What README.md tells its reader to do: its first screen, and the same in code.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup.mjs';

/** @returns the commands, what the last of them prints, and the program */
export function readmeExample() {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  const block = (language, contains) => {
    const blocks = [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
      ([, code]) => code,
    );
    const found = blocks.find((code) => code.includes(contains));
    if (!found) throw new Error(`README.md has no block of ${language || 'text'} with ${contains}.`);
    return found;
  };
  return {
    commands: block('sh', 'npm install attune'),
    printed: block('text', ' '),
    program: block('ts', 'new Trainer'),
  };
}
