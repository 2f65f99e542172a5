import type { Comparison } from '../compare.js';
import { summaries } from '../recommend.js';
import { columnsFor } from './table.js';

/** The comparison as a Markdown table with its recommendation. */
export function markdownReport({ recommended, results, leftOut, forgettingUnknown }: Comparison): string {
  const all = summaries(results);
  const columns = columnsFor(all);
  const rows = all.map((summary) => columns.map(({ cell }) => cell(summary)));
  const lines = [
    '# Comparison',
    '',
    `Recommended: **${escaped(recommended.method)}**. ${escaped(sentence(recommended.reason))}`,
    '',
    row(columns.map(({ name }) => name)),
    row(columns.map(() => '---')),
    ...rows.map((cells) => row(cells.map(escaped))),
    '',
    ...(forgettingUnknown === undefined ? [] : [escaped(notMeasured(forgettingUnknown)), '']),
    ...(leftOut.length === 0 ? [] : ['Left out:', '']),
    ...leftOut.map(({ method, shots, seed, reason }) => `- ${escaped(`${method}, ${shots}, seed ${seed}: ${reason}`)}`),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

export const notMeasured = (reason: string): string => `Forgetting is not measured: ${reason}.`;

export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** What Markdown or HTML would take for more than text. */
const escaped = (text: string): string =>
  text.replace(/[\\`*_{}[\]<>|#]/g, (character) => `\\${character}`).replace(/\s+/g, ' ');
