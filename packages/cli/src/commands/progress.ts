/** Progress of training for people: a bar on a terminal, plain lines elsewhere. */
import type { Completion, TrainEvent } from '@attune/core';
import { metricList } from '../figures.js';
import { type Output, printable } from '../output.js';
import { recipeLine } from './recipe-line.js';
import { type StatusBar, startBar, stopBar } from './status-bar.js';

export interface Progress {
  /** Shows how much of a file is tokenized. */
  tokenizing(file: string): (done: number, total: number) => void;
  show(event: TrainEvent): void;
  stop(): void;
}

export function createProgress(output: Output): Progress {
  if (output.json) return { tokenizing: () => () => {}, show: () => {}, stop: () => {} };
  return process.stderr.isTTY ? barProgress(output) : lineProgress(output);
}

function describe(event: TrainEvent): string | undefined {
  switch (event.type) {
    case 'recipe':
      return recipeLine(event);
    case 'start': {
      const share = ((100 * event.trainableParameters) / event.parameters).toFixed(1);
      const from = event.resumedFrom > 0 ? `, resumed from step ${event.resumedFrom}` : '';
      return `training ${event.trainableParameters.toLocaleString('en')} of ${event.parameters.toLocaleString('en')} parameters (${share}%) on ${event.examples} examples, ${event.steps} steps, ${event.device}${from}`;
    }
    case 'evaluation':
      return `step ${event.step}: ${metricList(event.metrics)}${event.best ? ' (best)' : ''}`;
    case 'completions':
      return event.completions.map((each) => `step ${event.step}: ${shownCompletion(each)}`).join('\n');
    case 'checkpoint':
      return `saved ${event.path}`;
    case 'warning':
      return `warning: ${event.message}`;
    case 'end':
      return `${event.reason} after ${event.step} steps`;
    case 'compile':
    case 'progress':
    case 'step':
      return undefined;
  }
}

/** On one line each. */
const shownCompletion = ({ prompt, completion }: Completion): string => `${oneLine(prompt)} → ${oneLine(completion)}`;

const oneLine = (text: string): string => printable(text.trim().replace(/\s+/g, ' '));

function lineProgress(output: Output): Progress {
  let steps = 0;
  return {
    tokenizing(file) {
      let next = 0;
      return (done, total) => {
        // Small files take no time; of large ones a line for each tenth will do.
        if (total <= 1000 || done < next) return;
        output.note(`tokenized ${done} of ${total} examples of ${file}`);
        next = done + total / 10;
      };
    },
    show(event) {
      if (event.type === 'start') steps = event.steps;
      const every = Math.max(1, Math.floor(steps / 20));
      if (event.type === 'step' && (event.step % every === 0 || event.step === steps)) {
        output.note(`step ${event.step}/${steps}  loss ${event.loss.toFixed(4)}  ${rate(event)} examples/s`);
      }
      const line = describe(event);
      if (line !== undefined) output.note(line);
    },
    stop() {},
  };
}

function barProgress(output: Output): Progress {
  let bar: StatusBar | undefined;
  return {
    tokenizing(file) {
      let texts: StatusBar | undefined;
      return (done, total) => {
        if (done < total)
          texts ??= startBar(`{bar} {value}/{total} of ${printable(file)} tokenized  {eta_formatted} left`, total, 0);
        texts?.update(done);
        if (done === total) texts?.stop();
      };
    },
    show(event) {
      if (event.type === 'step') {
        bar?.update(event.step, { loss: event.loss.toFixed(4), speed: rate(event) });
        return;
      }
      if (event.type === 'end') bar?.stop();
      const line = describe(event);
      if (line !== undefined) output.note(line);
      if (event.type === 'start') bar = startBar(STEPS, event.steps, event.resumedFrom, { loss: '-', speed: '-' });
    },
    stop: stopBar,
  };
}

const STEPS = '{bar} {value}/{total}  loss {loss}  {speed} examples/s  {eta_formatted} left';

const rate = ({ examples, milliseconds }: { readonly examples: number; readonly milliseconds: number }): string =>
  ((1000 * examples) / milliseconds).toFixed(0);
