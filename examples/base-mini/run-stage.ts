/** A stage of the recipe: one run of the Trainer that can be interrupted and goes on where it was. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type StepEvent, Trainer, type TrainerOptions } from '@attune/core';
import { nodeStorage } from '@attune/hub/node';
import { type CurvePoint, readCurve, writeCurve } from './curve.js';

export interface StageOptions {
  readonly name: string;
  /** Its directory, for checkpoints, the curve and the finished model. */
  readonly directory: string;
  readonly trainer: Omit<TrainerOptions, 'outputDir' | 'maxSteps'>;
  readonly steps: number;
  /** The steps are those that take so long on this machine; measured once, then kept with the run. */
  readonly minutes: number | undefined;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

export interface StageResult {
  readonly steps: number;
  /** The mean over the last twentieth of the steps. */
  readonly finalLoss: number;
  readonly tokensPerSecond: number;
}

const resultFile = (directory: string): string => join(directory, 'stage.json');
export const modelDirectory = (directory: string): string => join(directory, 'model');
export const curveFile = (directory: string): string => join(directory, 'curve.csv');

/** The result of a stage that is finished. */
export function finishedStage(directory: string): StageResult | undefined {
  return existsSync(resultFile(directory)) ? JSON.parse(readFileSync(resultFile(directory), 'utf8')) : undefined;
}

/**
 * Trains and writes `<directory>/model`. @returns undefined where the signal came first; the checkpoint is there then
 * @throws AttuneError as the Trainer does
 */
export async function runStage(options: StageOptions): Promise<StageResult | undefined> {
  const { name, directory, signal, log } = options;
  const steps = await plannedSteps(options);
  await using trainer = new Trainer({ ...options.trainer, maxSteps: steps, outputDir: join(directory, 'run') });
  let points: CurvePoint[] = [];
  const speeds: number[] = [];
  for await (const event of trainer.train({ resume: true, signal })) {
    switch (event.type) {
      case 'start':
        points = readCurve(curveFile(directory)).filter(({ step }) => step <= event.resumedFrom);
        log(`${name}: ${event.steps} steps from ${event.resumedFrom}, ${event.parameters} parameters, ${event.device}`);
        break;
      case 'step':
        points.push({ stage: name, step: event.step, loss: event.loss });
        speeds.push(event.tokensPerSecond);
        if (event.step % Math.ceil(steps / 100) === 0 || event.step === steps) log(progressLine(name, event, steps));
        break;
      case 'evaluation':
        log(`${name}: step ${event.step}, held-out loss ${event.metrics.loss?.toFixed(4)}`);
        break;
      case 'checkpoint':
        writeCurve(curveFile(directory), points);
        break;
      case 'warning':
        log(`${name}: ${event.message}`);
        break;
      case 'end':
        writeCurve(curveFile(directory), points);
        if (event.reason === 'aborted') return undefined;
    }
  }
  await trainer.save(nodeStorage(modelDirectory(directory)));
  const last = points.slice(-Math.max(1, Math.round(points.length / 20)));
  const result: StageResult = {
    steps,
    finalLoss: last.reduce((sum, { loss }) => sum + loss, 0) / last.length,
    tokensPerSecond: median(speeds),
  };
  writeFileSync(resultFile(directory), JSON.stringify(result));
  return result;
}

const progressLine = (name: string, { step, loss, tokensPerSecond }: StepEvent, steps: number): string =>
  `${name}: step ${step}/${steps}  loss ${loss.toFixed(4)}  ${Math.round(tokensPerSecond)} tokens/s`;

/** A resumed run must have the steps that it began with: its learning rate depends on them. */
async function plannedSteps({ name, directory, trainer, steps, minutes, log }: StageOptions): Promise<number> {
  if (minutes === undefined) return steps;
  const file = join(directory, 'steps.json');
  if (existsSync(file)) return Number(readFileSync(file, 'utf8'));
  const milliseconds = median(await timeSteps(trainer));
  const planned = Math.max(1, Math.floor((minutes * 60_000) / milliseconds));
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, String(planned));
  log(`${name}: ${Math.round(milliseconds)} ms a step, so ${planned} steps in ${minutes} minutes`);
  return planned;
}

async function timeSteps(options: StageOptions['trainer']): Promise<readonly number[]> {
  const { evaluation: _, saveSteps: __, ...rest } = options;
  await using trainer = new Trainer({ ...rest, maxSteps: 12, evalStrategy: 'no', saveStrategy: 'no' });
  const times: number[] = [];
  for await (const event of trainer.train()) if (event.type === 'step') times.push(event.milliseconds);
  return times.slice(4);
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
