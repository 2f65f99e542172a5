/** `attune train --search`: combinations of settings under successive halving. */
import { join } from 'node:path';
import { type Rung, searchPlot, successiveHalving } from '@attune/compare';
import { Trainer, trainingArgumentsAmong } from '@attune/core';
import { isGreaterBetter } from '@attune/core/internal';
import { readJson, type Storage, writeFile, writeJson } from '@attune/hub';
import { sha256Of } from '@attune/hub/internal';
import { nodeStorage } from '@attune/hub/node';
import { AttuneError, type Backend, isAttuneError } from '@attune/ir';
import { z } from 'zod';
import type { CommandContext } from '../command-context.js';
import { exitCodes } from '../exit-codes.js';
import { formatTable } from '../output.js';
import type { Prepared } from '../tasks/command-task.js';
import { chosenSetFit, chosenStrategies } from './chosen-strategies.js';
import type { ChosenTraining } from './kept-knowledge.js';
import { requireDirectoryPlace } from './output-place.js';
import { type Candidate, candidatesOf } from './search-space.js';
import type { StartingModel } from './starting-model.js';
import type { TrainSettings } from './train-settings.js';

export interface Search {
  readonly settings: TrainSettings;
  readonly backend: Backend;
  /** The model and the data of a candidate. */
  prepare(settings: TrainSettings): Promise<{
    readonly start: StartingModel;
    readonly prepared: Prepared;
    readonly training: ChosenTraining;
  }>;
}

const RECORD = 'search.json';
const LOCK = 'search.lock';

const rungSchema = z.object({ candidate: z.number().int(), share: z.number(), score: z.number().nullable() });
const recordSchema = z.object({ search: z.string(), candidates: z.array(z.string()), rungs: z.array(rungSchema) });

/** What is known of a candidate after it was trained on. */
interface Measured {
  /** More is better: a loss is negated, and `metric` is `-loss` then. */
  readonly score: number | null;
  readonly metric: string;
}

/**
 * Trains all a little and the best to the end; the same command goes on where it was stopped.
 * @throws AttuneError `E_CONFIG` for a space that is wrong, `E_OUTPUT_EXISTS` for another search in the directory, `E_LOCKED`;
 * what the training of the last candidate throws; the signal's reason
 */
export async function search(request: Search, { output, signal }: CommandContext): Promise<number> {
  const { settings } = request;
  const candidates = candidatesOf([settings.search ?? []].flat(), settings);
  for (const each of candidates) requireSearchable(each.settings);
  await requireDirectoryPlace(settings.output);
  const target = nodeStorage(settings.output);
  const names = candidates.map(({ words }) => words.join(' '));
  if (settings.dryRun) {
    output.result({ dryRun: true, candidates: names }, `${names.length} combinations; the options are valid`);
    return exitCodes.ok;
  }
  const unlock = await target.lock(LOCK);
  try {
    const identity = identityOf(settings, names);
    const known = await knownRungs(target, identity);
    output.note(`${candidates.length} combinations${known.length > 0 ? `, ${known.length} trainings done` : ''}`);
    let [metric, failure]: [string, unknown] = ['score', undefined];
    const rungs: Rung[] = [];
    const measure = async (index: number, share: number) => {
      signal.throwIfAborted();
      try {
        const found = await trainUntil(share, index, candidates[index]!, request, { output, signal });
        metric = found.metric;
        return found.score;
      } catch (error) {
        // A rate that is too high is a result; what is wrong with data or disk is not.
        if (!isAttuneError(error) || error.code !== 'E_NONFINITE') throw error;
        failure = error;
        return null;
      }
    };
    for await (const rung of successiveHalving({ candidates: candidates.length, known, measure })) {
      rungs.push(rung);
      output.event({ type: 'rung', settings: names[rung.candidate] ?? '', share: rung.share, score: rung.score });
      const score = rung.score === null ? 'failed' : rung.score.toFixed(4);
      output.note(`${names[rung.candidate]}: ${score} after ${(100 * rung.share).toFixed(0)} % of a training`);
      await writeJson(target, RECORD, { search: identity, candidates: names, rungs });
    }
    const best = rungs.at(-1);
    if (!best || best.score === null || best.share < 1) throw failure;
    await writeFile(target, 'search.svg', await searchPlot(rungs, names, metric));
    const model = join(settings.output, folderOf(best.candidate));
    const rows = rungs.map(({ candidate, share, score }) => [
      names[candidate] ?? '',
      `${(100 * share).toFixed(0)} %`,
      score === null ? 'failed' : score.toFixed(4),
    ]);
    output.result(
      { best: names[best.candidate], score: best.score, metric, model, rungs, output: settings.output },
      `${formatTable([['settings', 'trained', metric], ...rows])}\n\nbest: ${names[best.candidate]}; ${model} holds the model`,
    );
    return exitCodes.ok;
  } finally {
    await unlock();
  }
}

/** @throws AttuneError `E_CONFIG` */
function requireSearchable(settings: TrainSettings): void {
  const others = {
    'the strategy setfit': chosenSetFit(settings) !== undefined,
    '--find-learning-rate': settings.findLearningRate,
    '--sample-prompts': settings.samplePrompts !== undefined,
  };
  const other = Object.entries(others).find(([, isGiven]) => isGiven)?.[0];
  if (other !== undefined)
    throw new AttuneError('E_CONFIG', `--search and ${other} do not go together.`, { field: 'search' });
  chosenStrategies(settings);
}

const folderOf = (candidate: number): string => `candidate-${candidate + 1}`;

/** What rungs depend on. */
function identityOf(settings: TrainSettings, names: readonly string[]): string {
  const { output: _, resume: __, json: ___, ...decisive } = settings;
  return sha256Of(JSON.stringify([decisive, names]));
}

async function knownRungs(target: Storage, identity: string): Promise<readonly Rung[]> {
  if (!(await target.exists(RECORD))) return [];
  const parsed = recordSchema.safeParse(await readJson(target, RECORD));
  if (parsed.data?.search === identity) return parsed.data.rungs;
  throw new AttuneError('E_OUTPUT_EXISTS', `${target.name}/${RECORD} is of another search.`, {
    file: `${target.name}/${RECORD}`,
    field: 'output',
    hint: 'Choose another output directory.',
  });
}

/** Goes on with a candidate's run up to a share of its steps, measures it, and at the end saves it. */
async function trainUntil(
  share: number,
  index: number,
  { settings }: Candidate,
  { backend, prepare }: Search,
  { output, signal }: CommandContext,
): Promise<Measured> {
  const { start, prepared, training } = await prepare(settings);
  const { model, evaluation } = prepared;
  await using trainer = new Trainer({
    model,
    ...training,
    ...(evaluation ? { evaluation } : {}),
    backend,
    outputDir: join(settings.output, folderOf(index)),
    ...trainingArgumentsAmong(settings),
  });
  const pause = new AbortController();
  let steps = Number.POSITIVE_INFINITY;
  let [metric, isGreater] = ['loss', false];
  for await (const event of trainer.train({ resume: true, signal: AbortSignal.any([signal, pause.signal]) })) {
    if (event.type === 'recipe') {
      metric = event.arguments.metricForBestModel;
      isGreater = isGreaterBetter(event.arguments);
    }
    if (event.type === 'start') steps = Math.max(1, Math.round(share * event.steps));
    if (event.type === 'step') {
      output.event({ ...event, candidate: index });
      if (share < 1 && event.step >= steps) pause.abort();
    }
    if (event.type === 'end' && event.reason !== 'aborted') {
      if (trainer.adapted.adaptation.adapter) await start.writeBase();
      await trainer.save();
    }
  }
  signal.throwIfAborted();
  const found = (await trainer.evaluate(undefined, signal))[metric];
  if (found === undefined)
    throw new AttuneError('E_CONFIG', `Evaluations have no ${metric}.`, { field: 'metricForBestModel' });
  return isGreater ? { metric, score: found } : { metric: `-${metric}`, score: -found };
}
