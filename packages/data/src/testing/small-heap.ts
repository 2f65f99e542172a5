/** Reads endless and oversized files in a process with a small heap; prints one line for each. */
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { isAttuneError } from '@attune/ir';
import { type ByteSource, conll, csv, questionsJsonl, textFile, textLines } from '../index.js';

const columns = { text: 'text', label: 'label' };

/** Lines without end, a MiB at a time, behind a first one. */
function endless(name: string, line: string, first = ''): ByteSource {
  const bytes = new TextEncoder().encode(line.repeat(Math.ceil((1 << 20) / line.length)));
  return {
    name,
    async *chunks() {
      yield new TextEncoder().encode(first);
      for (let sent = 0; sent < 4e9; sent += bytes.length) yield bytes;
    },
  };
}

const folder = process.argv[2] ?? '.';
const claimed = `${folder}/claimed.csv`;
const descriptor = openSync(claimed, 'w');
ftruncateSync(descriptor, 3e9);
closeSync(descriptor);

const noFileLimit = { maxFileBytes: 8e9 };
/** For readers that would take long to fill the heap. */
const littleMemory = { ...noFileLimit, maxMemoryBytes: 20e6 };
const long = 'A plain text that goes on for a while, as texts do. '.repeat(20).replaceAll(',', '');
const cases = {
  'csv that is too large': () => csv(claimed, columns),
  'csv of short rows': () => csv(endless('a.csv', 'a,x\n', 'text,label\n'), columns, noFileLimit),
  'csv of long rows': () => csv(endless('a.csv', `${long},x\n`, 'text,label\n'), columns, noFileLimit),
  'csv of quoted rows': () => csv(endless('a.csv', '"a, b",x\n', 'text,label\n'), columns, littleMemory),
  'csv of bad rows': () => csv(endless('a.csv', 'a\n', 'text,label\n'), columns, { ...noFileLimit, onBadRow: 'skip' }),
  'csv with an open quote': () => csv(endless('a.csv', 'a,x\n', 'text,label\n"'), columns, noFileLimit),
  'json lines': () => textFile(endless('a.jsonl', '{"text":"a","label":"x"}\n'), columns, noFileLimit),
  conll: () => conll(endless('a.conll', 'Ann B-PER\n\n'), noFileLimit),
  questions: () =>
    questionsJsonl(endless('a.jsonl', '{"question":"a","context":"b","answers":[]}\n'), {}, littleMemory),
  lines: () => textLines(endless('a.txt', 'a\n'), noFileLimit),
} as const;

for (const [name, open] of Object.entries(cases)) {
  const code = await open()
    .toArray()
    .then(
      (rows) => `${rows.length} rows`,
      (error: unknown) => (isAttuneError(error) ? error.code : String(error)),
    );
  console.log(`${name}: ${code}`);
}
console.log(`peak: ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`);
