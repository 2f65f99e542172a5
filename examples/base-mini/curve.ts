/** Losses by step, in a CSV file that a resumed stage goes on with. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface CurvePoint {
  readonly stage: string;
  readonly step: number;
  readonly loss: number;
}

const HEADER = 'stage,step,loss';

export function readCurve(path: string): readonly CurvePoint[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => {
      const [stage = '', step, loss] = line.split(',');
      return { stage, step: Number(step), loss: Number(loss) };
    });
}

export function writeCurve(path: string, points: readonly CurvePoint[]): void {
  mkdirSync(dirname(path), { recursive: true });
  const lines = points.map(({ stage, step, loss }) => `${stage},${step},${loss.toPrecision(6)}`);
  writeFileSync(path, `${[HEADER, ...lines].join('\n')}\n`);
}

/** The curve of each stage as at most `count` means over as many steps, under the last step of each. */
export function thinCurve(points: readonly CurvePoint[], count: number): readonly CurvePoint[] {
  const stages = [...new Set(points.map(({ stage }) => stage))];
  return stages.flatMap((stage) => {
    const own = points.filter((point) => point.stage === stage);
    const size = Math.ceil(own.length / count);
    return Array.from({ length: Math.ceil(own.length / size) }, (_, index) => {
      const part = own.slice(index * size, (index + 1) * size);
      const loss = part.reduce((sum, point) => sum + point.loss, 0) / part.length;
      return { stage, step: part.at(-1)!.step, loss };
    });
  });
}
