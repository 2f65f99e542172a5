// What `bench -- transfer` has measured, and the rows of its table.
import { join } from 'node:path';
import { median, readLines, root } from './common.mjs';

/** A line for every finished unit of transfer.ts. */
export const transferResults = join(root, 'bench', 'results', 'transfer.jsonl');

export const readTransfer = () => readLines(transferResults);

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const signed = (value, digits) => `${value > 0 ? '+' : ''}${value.toFixed(digits)}`;
const inPercent = {
  show: (values) => `${(100 * mean(values)).toFixed(2)}%`,
  compare: (attune, peer) => `${signed(100 * (mean(attune) - mean(peer)), 2)} points`,
};
const inPoints = { ...inPercent, show: (values) => (100 * mean(values)).toFixed(2) };
const asNumber = {
  show: (values) => mean(values).toFixed(3),
  compare: (attune, peer) => signed(mean(attune) - mean(peer), 3),
};
const asRatio = {
  show: (values) => `${mean(values).toFixed(values[0] < 10 ? 1 : 0)} s`,
  compare: (attune, peer) => `ratio ${median(attune.map((value, index) => value / peer[index])).toFixed(2)}`,
};
const inShare = {
  show: (values) => mean(values).toFixed(2),
  compare: (attune, peer) => `${signed(100 * (mean(attune) / mean(peer) - 1), 2)}%`,
};
const asGap = { show: (values) => Math.max(...values).toExponential(0), compare: () => '' };

/** How figures are shown, by their names. */
const measures = {
  accuracy: inPercent,
  'accuracy, its default tolerance': inPercent,
  'probabilities from its minimum': asGap,
  'Spearman before': inPoints,
  Spearman: inPoints,
  'Spearman on WordSim-353': asNumber,
  'Spearman on SimLex-999': asNumber,
  seconds: asRatio,
  perplexity: inShare,
  'seconds of a step': asRatio,
};

/** What each comparison is to show. */
const aims = {
  'scikit-learn': { accuracy: 'within 0.3 points', 'probabilities from its minimum': '1e-3' },
  setfit: { accuracy: 'within 0.5 points, or better' },
  'sentence-transformers': { Spearman: 'within 0.5 points' },
  gensim: {
    'Spearman on WordSim-353': 'within 0.03',
    'Spearman on SimLex-999': 'within 0.03',
    seconds: 'ratio of 3 or less',
  },
  fastai: { perplexity: 'within 1%', accuracy: 'within 1 point', 'seconds of a step': 'ratio of 1.2 or less' },
};

/** A row for each figure of each library and data, over the seeds. */
export function transferRows(results) {
  const groups = new Map();
  for (const { library, data, ...run } of results) {
    const name = `${library}: ${data}`;
    groups.set(name, { library, data, runs: [...(groups.get(name)?.runs ?? []), run] });
  }
  return [...groups.values()].flatMap(({ library, data, runs }) =>
    Object.keys(runs[0].measures).map((name, index) => {
      const [attune, peer] = ['attune', 'peer'].map((side) => runs.map((run) => run.measures[name][side]));
      const { show, compare } = measures[name];
      const seeds = runs.length > 1 ? `, mean of ${runs.length} seeds` : '';
      const titles = index === 0 ? [library, `${data}${seeds}`] : ['', ''];
      return [...titles, name, show(attune), show(peer), compare(attune, peer), aims[library][name] ?? ''];
    }),
  );
}
