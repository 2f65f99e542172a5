import type { Comparison } from '../compare.js';
import { type Summary, summaries } from '../recommend.js';
import { notMeasured, sentence } from './markdown.js';
import { columnsFor } from './table.js';

/** The comparison as one page that needs no other file and no network. What plots is loaded here: commands start without it. */
export async function htmlReport(comparison: Comparison): Promise<string> {
  const { costs, learningCurves } = await import('./plots.js');
  const { recommended, results, leftOut, forgettingUnknown } = comparison;
  const all = summaries(results);
  const hasCurve = new Set(all.map(({ shots }) => shots)).size > 1;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Comparison</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Comparison</h1>
<p>Recommended: <strong>${escaped(recommended.method)}</strong>. ${escaped(sentence(recommended.reason))}</p>
${table(all, recommended.method)}
${forgettingUnknown === undefined ? '' : `<p>${escaped(notMeasured(forgettingUnknown))}</p>`}
${hasCurve ? figure('Accuracy against the size of the training data', learningCurves(results, all)) : ''}
${figure('Accuracy against the time of training', costs(all))}
${leftOut.length === 0 ? '' : `<h2>Left out</h2>\n<ul>${leftOut.map(({ method, shots, seed, reason }) => `<li>${escaped(`${method}, ${shots}, seed ${seed}: ${reason}`)}</li>`).join('')}</ul>`}
</body>
</html>
`;
}

const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1f; }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  th, td { padding: 0.3rem 0.6rem; text-align: right; border-bottom: 1px solid #ddd; }
  td { white-space: nowrap; }
  th:first-child, td:first-child { text-align: left; }
  tr.recommended { background: #eef6ee; font-weight: 600; }
  figure { margin: 2rem 0; }
  svg { max-width: 100%; height: auto; }`;

function table(all: readonly Summary[], recommended: string): string {
  const columns = columnsFor(all);
  const head = columns.map(({ name }) => `<th>${name}</th>`).join('');
  const rows = all.map((summary) => {
    const cells = columns.map(({ cell }) => `<td>${escaped(cell(summary))}</td>`).join('');
    return `<tr${summary.method === recommended ? ' class="recommended"' : ''}>${cells}</tr>`;
  });
  return `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`;
}

const figure = (caption: string, svg: string): string => `<figure><figcaption>${caption}</figcaption>${svg}</figure>`;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
