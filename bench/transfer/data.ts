/** The labelled texts of the comparisons with other libraries, and the files by which those get them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { csv, jsonl, rows, type TextColumns, type TextDataset, type TextExample } from '@attune/data';
import { shared } from '../common.mjs';

export interface LabelledTexts {
  readonly train: readonly TextExample[];
  readonly test: readonly TextExample[];
  /** As Python sorts them. */
  readonly labels: readonly string[];
}

const data = (path: string): string => join(shared, 'data', path);

type Part = 'train' | 'test';

const parts = (open: (part: Part) => TextDataset) => async (part: Part) => open(part).toArray();

async function topics(part: Part): Promise<readonly TextExample[]> {
  const columns: TextColumns = { text: 'en', textPair: 'split', label: 'topic' };
  const found = await csv(data('sib200/sib200.csv'), columns).toArray();
  return found.flatMap(({ textPair, ...example }) => (textPair === part ? [example] : []));
}

const sets = {
  'SST-2': parts((part) => csv(data(`sst2/${part}.tsv`), { text: '1', label: '2' }, { header: false })),
  Banking77: parts((part) => csv(data(`banking77/${part}.csv`), { text: 'text', label: 'category' })),
  MedQuAD: parts((part) => jsonl(data(`medquad/${part}.jsonl`), { text: 'answer', label: 'type' })),
  'unfair ToS': parts((part) => csv(data(`unfair-tos/${part}.csv`), { text: 'text', label: 'label' })),
  'SIB-200, English': topics,
} as const;

export type SetName = keyof typeof sets;

export async function labelledTexts(name: SetName): Promise<LabelledTexts> {
  const [train, test] = [await sets[name]('train'), await sets[name]('test')];
  const labels = [...new Set(await rows([...train, ...test]).labels())].sort();
  return { train, test, labels };
}

/** Calls with a temporary directory, and removes it. */
export async function inScratch<Result>(use: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = mkdtempSync(join(tmpdir(), 'attune-transfer-'));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Writes texts and labels as JSON lines. @returns the path */
export function writeTexts(directory: string, part: Part, examples: readonly TextExample[]): string {
  const path = join(directory, `${part}.jsonl`);
  writeFileSync(path, examples.map(({ text, label }) => `${JSON.stringify({ text, label })}\n`).join(''));
  return path;
}
