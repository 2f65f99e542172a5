/** Every part of tokenizer.json against the Rust library, on random texts of many scripts. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { python, sharedPath, skipsPython } from './testing/python.js';
import { codePointOffsets, Tokenizer } from './tokenizer.js';

interface Expected {
  readonly text: string;
  readonly textPair?: string;
  readonly ids: readonly number[];
  readonly types: readonly number[];
}

interface ExpectedCase extends Expected {
  readonly tokens: readonly string[];
  readonly offsets: readonly (readonly number[])[];
  readonly words: readonly (number | null)[];
  readonly decoded: string;
}

interface ExpectedPair extends Expected {
  readonly sequences: readonly (number | null)[];
}

interface Recorded {
  readonly name: string;
  readonly definition: Readonly<Record<string, unknown>>;
  readonly cases: readonly ExpectedCase[];
  readonly pairs: readonly ExpectedPair[];
}

describe.skipIf(skipsPython)('tokenizers as in Rust', () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-tokenizers-'));
  let recorded: readonly Recorded[] = [];
  beforeAll(() => {
    const script = fileURLToPath(new URL('./testing/tokenizer_cases.py', import.meta.url));
    const target = join(folder, 'cases.json');
    execFileSync(python ?? 'python3', [script, sharedPath(''), '20261', target]);
    recorded = JSON.parse(readFileSync(target, 'utf8'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('gives the same ids, tokens, offsets, words, type ids and decoded texts', async () => {
    expect(recorded.length).toBeGreaterThan(40);
    for (const { name, definition, cases } of recorded) {
      const tokenizer = new Tokenizer(name, definition, {});
      const encodings = await tokenizer.encode(cases.map(({ text }) => text));
      const got = encodings.map(({ ids, tokens, offsets, wordIds, typeIds }, index) => {
        const { text, ids: wanted } = cases[index]!;
        const decoded = tokenizer.decode(wanted);
        return { text, ids, tokens, offsets: codePointOffsets(text, offsets), words: wordIds, types: typeIds, decoded };
      });
      expect({ name, got }).toEqual({ name, got: cases });
    }
  });

  it('puts pairs together in the same way', async () => {
    for (const { name, definition, pairs } of recorded) {
      const encodings = await new Tokenizer(name, definition, {}).encode(pairs);
      const got = encodings.map(({ ids, typeIds, sequenceIds }) => ({ ids, types: typeIds, sequences: sequenceIds }));
      expect({ name, got }).toEqual({
        name,
        got: pairs.map(({ ids, types, sequences }) => ({ ids, types, sequences })),
      });
    }
  });
});
