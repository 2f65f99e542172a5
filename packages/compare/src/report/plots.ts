/** The plots of a comparison as SVG. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Summary } from '../recommend.js';
import type { Result } from '../result.js';

export const size = { width: 640, height: 380, marginLeft: 50, marginRight: 110 };
const accuracy = { percent: true, grid: true, label: 'accuracy on the test data (%)' };

/** Accuracy against training examples, a line for each method; the bars are one standard deviation over the seeds. */
export function learningCurves(results: readonly Result[], all: readonly Summary[]): string {
  const examplesOf = ({ method, shots }: Summary) =>
    results.find((result) => result.method === method && result.shots === shots)?.examples ?? 0;
  const points = all.map((summary) => ({
    ...summary,
    examples: examplesOf(summary),
    low: summary.accuracy - summary.spread,
    high: summary.accuracy + summary.spread,
  }));
  const at = { x: 'examples', stroke: 'method' };
  return svgOf({
    ...size,
    x: { type: 'log', label: 'training examples', tickFormat: ',' },
    y: accuracy,
    marks: [
      Plot.ruleX(
        points.filter(({ seeds }) => seeds > 1),
        { ...at, y1: 'low', y2: 'high', strokeOpacity: 0.5 },
      ),
      Plot.lineY(points, Plot.sort('examples', { ...at, y: 'accuracy', z: 'method', marker: true })),
      Plot.text(
        points,
        Plot.selectMaxX({ x: 'examples', y: 'accuracy', z: 'method', text: 'method', dx: 7, textAnchor: 'start' }),
      ),
    ],
  });
}

/** Accuracy against seconds of training: a point for each method and size. */
export function costs(all: readonly Summary[]): string {
  const at = { x: 'seconds', y: 'accuracy' };
  return svgOf({
    ...size,
    x: { type: 'log', label: 'seconds of training' },
    y: accuracy,
    marks: [
      Plot.dot(all, { ...at, fill: 'method', r: 4 }),
      Plot.text(all, {
        ...at,
        text: ({ method, shots }: Summary) => `${method} (${shots})`,
        dx: 7,
        textAnchor: 'start',
      }),
    ],
  });
}

export function svgOf(options: Plot.PlotOptions): string {
  const { document } = parseHTML('<html><body></body></html>');
  return Plot.plot({ ...options, document }).outerHTML;
}
