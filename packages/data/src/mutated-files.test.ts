import { mutationRuns, mutationTimeout, Survival } from '@attune/hub/testing/survives';
import { describe, expect, test } from 'vitest';
import { textSource } from './byte-source.js';
import { conll } from './conll.js';
import { questionsJsonl } from './questions.js';
import type { RowDataset } from './row-dataset.js';
import { taggedJsonl } from './tagged-file.js';
import { textFile } from './text-examples.js';
import { textLines } from './text-lines.js';

const { numRuns: count, seed: firstSeed } = mutationRuns;

/** Bits that depend on the seed alone (mulberry32). */
function drawsOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) % below;
  };
}

const pieces = [
  ...['"', '""', ',', '\t', ';', '\n', '\r', '\r\n', '\n\n', '\uFEFF', '\u0000', '\\', '\\u0000', 'NaN', '-Infinity'],
  ...[
    '{',
    '}',
    '[',
    ']',
    ':',
    'null',
    '1e999',
    '-0',
    '18014398509481984019',
    '"text":',
    '__proto__',
    'caf\u0065\u0301',
  ],
  ...[
    '\u{1F600}',
    '\uD800',
    '-DOCSTART-',
    'B-PER',
    '9'.repeat(400),
    '"'.repeat(50),
    '['.repeat(2000),
    'x'.repeat(70_000),
  ],
];

/** A file with a few edits: bytes changed, cut, repeated, and pieces that matter to some format put in. */
function mutated(file: string, seed: number): Uint8Array {
  const draw = drawsOf(seed);
  let text = file;
  for (let edits = 1 + draw(6); edits > 0; edits--) {
    const [from, length] = [draw(text.length + 1), draw(20)];
    const inserted = [
      () => pieces[draw(pieces.length)] ?? '',
      () => text.slice(draw(text.length + 1)).slice(0, draw(200)),
      () => String.fromCharCode(draw(256)),
      () => '',
    ][draw(4)]?.();
    text = text.slice(0, from) + (inserted ?? '') + text.slice(from + (draw(2) === 0 ? length : 0));
  }
  const bytes = new TextEncoder().encode(text);
  if (draw(4) === 0 && bytes.length > 0) bytes[draw(bytes.length)] = draw(256);
  return bytes;
}

const columns = { text: 'text', label: 'label' };
type Open = (name: string, bytes: Uint8Array, onBadRow: 'error' | 'skip') => RowDataset<unknown>;
const sourceOf = (name: string, bytes: Uint8Array) => ({
  name,
  async *chunks() {
    // In two parts, so that what lies across them is read too.
    yield bytes.subarray(0, bytes.length >> 1);
    yield bytes.subarray(bytes.length >> 1);
  },
});

const formats: Readonly<Record<string, { readonly file: string; readonly open: Open }>> = {
  'a.csv': {
    file: 'text,label\r\n"She said ""good"", twice",pos\nThe 5" screen,neg\n"two\nlines",pos\n\n'.repeat(3),
    open: (name, bytes, onBadRow) => textFile(sourceOf(name, bytes), columns, { onBadRow }),
  },
  'a.tsv': {
    file: 'text\tlabel\n"A\ttab"\tpos\nplain "bad" film\tneg\n'.repeat(4),
    open: (name, bytes, onBadRow) => textFile(sourceOf(name, bytes), columns, { onBadRow }),
  },
  'a.jsonl': {
    file: '{"text": "a film", "label": 1, "price": NaN}\n{"label": ["x"], "text": "b", "n": 18014398509481984019}\n'.repeat(
      3,
    ),
    open: (name, bytes, onBadRow) => textFile(sourceOf(name, bytes), columns, { onBadRow }),
  },
  'a.conll': {
    file: '-DOCSTART- O\n\nAnn\tB-PER\nLee\tI-PER\n\nin O\nBonn B-LOC\n'.repeat(3),
    open: (name, bytes, onBadRow) => conll(sourceOf(name, bytes), { onBadRow }),
  },
  'tags.jsonl': {
    file: '{"tokens":["Ann","Lee"],"tags":["B-PER",2]}\n{"tokens":["a"],"tags":["O"]}\n'.repeat(3),
    open: (name, bytes, onBadRow) => taggedJsonl(sourceOf(name, bytes), {}, { onBadRow }),
  },
  'squad.jsonl': {
    file: '{"question":"where?","context":"in \u{1F600} Bonn","answers":{"text":["Bonn"],"answer_start":[5]}}\n'.repeat(
      3,
    ),
    open: (name, bytes, onBadRow) => questionsJsonl(sourceOf(name, bytes), {}, { onBadRow }),
  },
  'a.txt': {
    file: 'a line\n\n  another\r\nlast'.repeat(3),
    open: (name, bytes) => textLines(sourceOf(name, bytes)),
  },
};

describe('files with edits', () => {
  test.each(Object.entries(formats))(
    `%s: ${count} of them, from seed ${firstSeed} on, are read or end in a typed error`,
    async (name, { file, open }) => {
      const survival = new Survival();
      for (let seed = firstSeed; seed < firstSeed + count; seed++) {
        const rows = () => open(name, mutated(file, seed), seed % 2 === 0 ? 'skip' : 'error').toArray();
        await survival.read(rows).catch((cause: unknown) => {
          throw new Error(`${name}, seed ${seed}: ${cause}`, { cause });
        });
      }
      console.log(`mutations of ${name}: ${survival}`);
      expect(survival.acceptedShare).toBeGreaterThan(0.1);
      expect(survival.acceptedShare).toBeLessThan(1);
    },
    mutationTimeout,
  );
});

test('a file without edits is read', async () => {
  for (const [name, { file, open }] of Object.entries(formats)) {
    if (name === 'a.jsonl') continue;
    expect((await open(name, new TextEncoder().encode(file), 'error').toArray()).length).toBeGreaterThan(2);
  }
  expect(await textLines(textSource('a.txt', 'a')).toArray()).toHaveLength(1);
});
