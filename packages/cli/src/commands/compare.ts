import { resolve } from 'node:path';
import {
  type CompareEvent,
  compare as compared,
  defaultMethods,
  htmlReport,
  methods as known,
  markdownReport,
  methodNamed,
} from '@attune/compare';
import { textFile } from '@attune/data';
import { writeFile } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { modelStorage } from '@attune/inference/places';
import { percentage, tableOptions } from '@attune/tasks';
import { z } from 'zod';
import { chosenBackend, requireAvailable } from '../backends.js';
import type { CommandContext } from '../command-context.js';
import { dataOptions, list, number, positive, runOptions, text } from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import { formatTable } from '../output.js';
import { interruptible } from '../signals.js';
import { generalData, generalOptions } from './general-data.js';
import { requireDirectoryPlace } from './output-place.js';

const { textColumn, delimiter, quote, noHeader, onBadRow } = dataOptions;
const shots = z.union([z.coerce.number().int().positive(), z.literal('all')], 'a number of examples, or all');

export const compareOptions = {
  train: text(z.string(), 'the labelled texts to learn from: CSV, TSV or JSON Lines'),
  test: text(z.string(), 'labelled texts to measure on, which no method sees before'),
  model: text(
    z.string().optional(),
    'directory of a pretrained model; without it, methods that need none are compared',
  ),
  textColumn,
  textPairColumn: text(z.string().optional(), 'column of a second text'),
  labelColumn: text(z.string().default('label'), 'column of the labels'),
  ...{ delimiter, quote, noHeader, onBadRow },
  methods: list(z.array(z.string()).min(1).optional(), `what is compared; ${defaultMethods.join(',')} by default`),
  shots: list(z.array(shots).min(1).default(['all']), 'sizes of training samples, in examples per class, or all'),
  seeds: number(positive.default(1), 'trainings of each method and size'),
  minutes: number(z.number().positive().optional(), 'time for all trainings; what does not fit is left out'),
  ...generalOptions('what the model forgets is measured there'),
  maxLength: number(positive.optional(), 'tokens kept of each text; 128 by default'),
  output: text(z.string(), 'directory of the reports; the same command goes on with what is there'),
  ...runOptions,
} as const;

/** `attune compare`: methods side by side on the user's own data, with a report and a recommendation. */
export async function compare(
  settings: Settings<typeof compareOptions>,
  { output, signal }: CommandContext,
): Promise<number> {
  await requireDirectoryPlace(settings.output);
  const model = settings.model === undefined ? undefined : await modelStorage(settings.model);
  const methods = chosenMethods(settings.methods, model !== undefined);
  const backend = await chosenBackend(settings, output.note);
  if (methods.some(({ needsModel }) => needsModel)) await requireAvailable(backend);
  const target = nodeStorage(resolve(settings.output));
  const open = (file: string) => textFile(file, columnsOf(settings), tableOptions(settings));
  const events = compared({
    train: open(settings.train),
    test: open(settings.test),
    methods,
    shots: settings.shots,
    seeds: settings.seeds,
    minutes: settings.minutes,
    backend,
    model,
    general: generalData(settings),
    maxLength: settings.maxLength,
    output: target,
    signal,
    memory: () => process.memoryUsage.rss(),
  });
  await interruptible(signal, async () => {
    for await (const event of events) {
      if (event.type !== 'end') {
        output.event({ ...event });
        output.note(lineOf(event));
        continue;
      }
      await writeFile(target, 'report.html', await htmlReport(event));
      await writeFile(target, 'report.md', markdownReport(event));
      const { recommended, results, leftOut, forgettingUnknown } = event;
      if (forgettingUnknown !== undefined) output.warn(`forgetting is not measured: ${forgettingUnknown}`);
      const model = event.model && `${settings.output}/${event.model.directory}`;
      const rows = results.map(({ method, shots, seed, accuracy, seconds }) => [
        method,
        `${shots}`,
        `${seed}`,
        percentage(accuracy),
        seconds.toFixed(1),
      ]);
      output.result(
        {
          recommended: recommended.method,
          reason: recommended.reason,
          model: model ?? null,
          ...(forgettingUnknown === undefined ? {} : { forgettingUnknown }),
          ...{ results, leftOut, output: settings.output },
        },
        `${formatTable([['method', 'shots', 'seed', 'accuracy', 'seconds'], ...rows])}\n\nrecommended: ${recommended.method}, ${recommended.reason}\n${settings.output}/report.html shows it${model === undefined ? '' : `; use its model: attune predict --model ${model} --text "…"`}`,
      );
    }
  });
  return exitCodes.ok;
}

function chosenMethods(names: readonly string[] | undefined, hasModel: boolean) {
  if (names) return [...new Set(names)].map(methodNamed);
  if (hasModel) return defaultMethods.map(methodNamed);
  return known.filter(({ needsModel }) => !needsModel);
}

function columnsOf({
  textColumn: textName,
  textPairColumn: pair,
  labelColumn: label,
}: Settings<typeof compareOptions>) {
  return { text: textName, ...(pair === undefined ? {} : { textPair: pair }), label };
}

function lineOf(event: Exclude<CompareEvent, { readonly type: 'end' }>): string {
  switch (event.type) {
    case 'plan':
      return `${event.runs} trainings${event.done > 0 ? `, ${event.done} of them done` : ''}`;
    case 'run':
      return `${nameOf(event)}${event.secondsLeft === undefined ? '' : ` (${Math.round(event.secondsLeft)} s left)`}`;
    case 'result':
      return `  ${percentage(event.accuracy)} right after ${event.seconds.toFixed(1)} s of training`;
    case 'leftOut':
      return `  left out: ${event.reason}`;
  }
}

const nameOf = ({ method, shots: size, seed }: { method: string; shots: number | 'all'; seed: number }): string =>
  `${method}, ${size === 'all' ? 'all data' : `${size} examples per class`}, seed ${seed}`;
