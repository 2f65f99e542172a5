/** The page: what the user does goes to the worker, what the worker reports is shown. */

import { element } from '../shared/element.js';
import { saveFile } from '../shared/save-file.js';
import { say, showEvent } from '../shared/training-view.js';
import { showAnswer } from './answer-table.js';
import type { Report, Request } from './protocol.js';
import { allowTraining, hasData, offerColumns, onData, onTrain, showTask } from './task-form.js';

const worker = new Worker(new URL('./worker/worker.ts', import.meta.url), { type: 'module' });
const ask = (request: Request): void => worker.postMessage(request);

const buttons = {
  stop: element('stop', HTMLButtonElement),
  goOn: element('go-on', HTMLButtonElement),
  forget: element('forget', HTMLButtonElement),
  classify: element('ask', HTMLButtonElement),
  adapter: element('download-adapter', HTMLButtonElement),
  model: element('download-model', HTMLButtonElement),
};
const message = element('message', HTMLInputElement);

/** `ready` is after a run that ended, with its weights at hand. */
function enter(state: 'idle' | 'training' | 'stopped' | 'ready'): void {
  allowTraining(state !== 'training');
  buttons.stop.disabled = state !== 'training';
  buttons.goOn.disabled = state !== 'stopped';
  buttons.forget.disabled = state === 'idle';
  const hasWeights = state === 'stopped' || state === 'ready';
  for (const each of [buttons.classify, buttons.adapter, buttons.model, message]) each.disabled = !hasWeights;
  if (!hasWeights) showAnswer([]);
}

function show(report: Report): void {
  switch (report.type) {
    case 'idle':
      enter('idle');
      say(hasData() ? 'Check the columns, then train.' : 'Choose a file to begin.');
      break;
    case 'columns':
      offerColumns(report.columns);
      say(`${report.rows} rows. Check the columns, then train.`);
      break;
    case 'begun':
      enter('training');
      showTask(report.fileName, report.settings);
      buttons.adapter.hidden = report.settings.method === 'full';
      break;
    case 'waiting':
      say(`Waiting for ${report.for}.`);
      break;
    case 'trained':
      showEvent(report.event);
      if (report.event.type === 'end') enter(report.event.reason === 'aborted' ? 'stopped' : 'ready');
      break;
    case 'answer':
      showAnswer(report.answer.labels);
      break;
    case 'archive':
      saveFile(report.name, report.bytes);
      break;
    case 'failed':
      enter('idle');
      buttons.forget.disabled = false;
      say(report.message, true);
      break;
  }
}

worker.addEventListener('message', ({ data }: MessageEvent<Report>) => show(data));
onData((data) => ask({ type: 'look-at', data }));
onTrain((data, settings, model) => ask({ type: 'train', data, settings, model }));
buttons.stop.addEventListener('click', () => ask({ type: 'stop' }));
buttons.goOn.addEventListener('click', () => ask({ type: 'restore' }));
buttons.forget.addEventListener('click', () => ask({ type: 'forget' }));
for (const what of ['adapter', 'model'] as const) {
  buttons[what].addEventListener('click', () => ask({ type: 'download', what }));
}
element('trial', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  ask({ type: 'predict', text: message.value });
});
ask({ type: 'restore' });

if (import.meta.env.MODE === 'production') void navigator.serviceWorker?.register('./service-worker.js');
