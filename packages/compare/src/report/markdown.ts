import type { Comparison } from '../compare.js';
import { summaries } from '../recommend.js';
import { columns } from './table.js';

/** The comparison as a Markdown table with its recommendation. */
export function markdownReport({ recommended, results, leftOut }: Comparison): string {
  const rows = summaries(results).map((summary) => columns.map(({ cell }) => cell(summary)));
  const lines = [
    '# Comparison',
    '',
    `Recommended: **${escaped(recommended.method)}**. ${escaped(sentence(recommended.reason))}`,
    '',
    row(columns.map(({ name }) => name)),
    row(columns.map(() => '---')),
    ...rows.map((cells) => row(cells.map(escaped))),
    '',
    ...(leftOut.length === 0 ? [] : ['Left out:', '']),
    ...leftOut.map(({ method, shots, seed, reason }) => `- ${escaped(`${method}, ${shots}, seed ${seed}: ${reason}`)}`),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** What Markdown or HTML would take for more than text. */
const escaped = (text: string): string =>
  text.replace(/[\\`*_{}[\]<>|#]/g, (character) => `\\${character}`).replace(/\s+/g, ' ');
