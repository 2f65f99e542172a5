import type { CurvePoint } from './curve.js';

const [WIDTH, HEIGHT, MARGIN] = [640, 240, 44];

/** The curves as an SVG, one panel for each stage, loss over step. */
export function plotCurves(points: readonly CurvePoint[]): string {
  const stages = [...new Set(points.map(({ stage }) => stage))];
  const panels = stages.map((stage, index) =>
    panel(
      stage,
      points.filter((point) => point.stage === stage),
      index,
    ),
  );
  const height = HEIGHT * Math.max(1, stages.length);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    '<title>Loss by step</title>',
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}

function panel(stage: string, points: readonly CurvePoint[], index: number): string {
  const losses = points.map(({ loss }) => loss);
  const [low, high] = [Math.min(...losses), Math.max(...losses)];
  const last = points.at(-1)!.step;
  const x = (step: number) => MARGIN + ((WIDTH - 2 * MARGIN) * step) / last;
  const y = (loss: number) => HEIGHT - MARGIN - ((HEIGHT - 2 * MARGIN) * (loss - low)) / (high - low || 1);
  const line = points.map(({ step, loss }) => `${x(step).toFixed(1)},${y(loss).toFixed(1)}`).join(' ');
  const text = (left: number, top: number, content: string | number, anchor = 'end') =>
    `<text x="${left}" y="${top}" text-anchor="${anchor}">${content}</text>`;
  return [
    `<g transform="translate(0 ${index * HEIGHT})">`,
    `<path d="M${MARGIN} ${MARGIN}V${HEIGHT - MARGIN}H${WIDTH - MARGIN}" fill="none" stroke="#888"/>`,
    `<polyline points="${line}" fill="none" stroke="#1f6feb" stroke-width="1.5"/>`,
    text(MARGIN, MARGIN - 16, `${stage}: loss`, 'start'),
    text(MARGIN - 6, y(high) + 4, high.toPrecision(3)),
    text(MARGIN - 6, y(low) + 4, low.toPrecision(3)),
    text(WIDTH - MARGIN, HEIGHT - MARGIN + 18, `step ${last}`),
    '</g>',
  ].join('\n');
}
