/** How training goes: what is announced, the progress, and the curve. */
import type { TrainEvent } from '@attune/core';
import { element } from './element.js';
import { LossCurve } from './loss-curve.js';

const status = element('status', HTMLParagraphElement);
const progress = element('progress', HTMLProgressElement);
const curve = new LossCurve(
  element('curve', SVGSVGElement),
  element('losses', SVGPolylineElement),
  element('loss', HTMLParagraphElement),
);

/** Says something, also to those who do not see the page. */
export function say(text: string, failed = false): void {
  status.textContent = text;
  status.classList.toggle('failed', failed);
}

/** What was last measured, on examples that were set aside. */
let measured = '';

export function showEvent(event: TrainEvent): void {
  switch (event.type) {
    case 'start':
      measured = '';
      progress.max = event.steps;
      progress.value = event.resumedFrom;
      curve.begin(event.steps);
      say(
        event.resumedFrom > 0
          ? `Going on at step ${event.resumedFrom} of ${event.steps}, on ${event.device}.`
          : `Training ${event.trainableParameters} numbers in ${event.steps} steps, on ${event.device}.`,
      );
      break;
    case 'step': {
      progress.value = event.step;
      curve.add(event.step, event.loss);
      // A tenth of the run is worth a word.
      const every = Math.ceil(progress.max / 10);
      if (event.step % every === 0) say(`Step ${event.step} of ${progress.max}: loss ${event.loss.toFixed(3)}.`);
      break;
    }
    case 'evaluation': {
      const { accuracy, perplexity } = event.metrics;
      if (accuracy !== undefined) measured = ` Right for ${Math.round(accuracy * 100)} % of the examples set aside.`;
      if (perplexity !== undefined) measured = ` Perplexity ${perplexity.toFixed(2)} on text set aside.`;
      break;
    }
    case 'checkpoint':
      status.dataset.saved = String(event.step);
      break;
    case 'warning':
      say(event.message);
      break;
    case 'end':
      say(`${event.reason === 'aborted' ? 'Stopped' : 'Finished'} after step ${event.step}.${measured}`);
      break;
    default:
      break;
  }
}
