import type { Rung } from '../search/successive-halving.js';

/** Scores against the share of the training, a line for each candidate, as SVG. @param names of the candidates */
export async function searchPlot(rungs: readonly Rung[], names: readonly string[], metric: string): Promise<string> {
  const [Plot, { size, svgOf }] = await Promise.all([import('@observablehq/plot'), import('./plots.js')]);
  const points = rungs.flatMap(({ candidate, share, score }) =>
    score === null ? [] : [{ name: names[candidate] ?? '', share, score }],
  );
  const at = { x: 'share', y: 'score', z: 'name' };
  return svgOf({
    ...size,
    marginRight: 220,
    x: { type: 'log', label: 'share of a whole training', tickFormat: '.0%' },
    y: { grid: true, label: metric },
    marks: [
      Plot.lineY(points, { ...at, stroke: 'name', marker: true }),
      Plot.text(points, Plot.selectMaxX({ ...at, text: 'name', dx: 7, textAnchor: 'start' })),
    ],
  });
}
