/** The losses of a learning-rate range test as SVG. */
import type { FoundLearningRate } from '@attune/core';

/** Loss against rate, with the suggestions marked. What plots is loaded here: commands start without it. */
export async function learningRatePlot({ points, valley, steep }: FoundLearningRate): Promise<string> {
  const [Plot, { size, svgOf }] = await Promise.all([import('@observablehq/plot'), import('./plots.js')]);
  const marks = [
    { name: 'valley', learningRate: valley },
    { name: 'steep', learningRate: steep },
  ];
  return svgOf({
    ...size,
    x: { type: 'log', label: 'learning rate' },
    y: { grid: true, label: 'loss' },
    marks: [
      Plot.dot(points, { x: 'learningRate', y: 'loss', r: 1.5, fill: '#bbb' }),
      Plot.lineY(points, { x: 'learningRate', y: 'smoothedLoss' }),
      Plot.ruleX(marks, { x: 'learningRate', stroke: 'name', strokeDasharray: '4 3' }),
      Plot.text(marks, { x: 'learningRate', text: 'name', frameAnchor: 'top', dx: 4, textAnchor: 'start' }),
    ],
  });
}
