/** The page: what the user does goes to the worker, what the worker reports is shown. */
import { element } from '../shared/element.js';
import { backendChoice } from '../shared/open-backend.js';
import { saveFile } from '../shared/save-file.js';
import { say, showEvent } from '../shared/training-view.js';
import { type Report, type Request, settingsSchema } from './protocol.js';

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
const ask = (request: Request): void => worker.postMessage(request);

const files = element('files', HTMLInputElement);
const data = element('data', HTMLInputElement);
const message = element('message', HTMLInputElement);
const adapted = element('adapted', HTMLInputElement);
const turns = element('turns', HTMLOListElement);
const buttons = {
  start: element('start', HTMLButtonElement),
  stop: element('stop', HTMLButtonElement),
  stopTraining: element('stop-training', HTMLButtonElement),
  say: element('say', HTMLButtonElement),
  download: element('download', HTMLButtonElement),
};
let isOpen = false;
let hasAdapter = false;

function enter(state: 'idle' | 'working' | 'ready'): void {
  files.disabled = state === 'working';
  buttons.start.disabled = state !== 'ready';
  for (const each of [buttons.stop, buttons.stopTraining]) each.disabled = state !== 'working';
  for (const each of [message, buttons.say]) each.disabled = state !== 'ready';
  for (const each of [adapted, buttons.download]) each.disabled = state !== 'ready' || !hasAdapter;
}

function addTurn(who: 'you' | 'model', text: string): void {
  const turn = document.createElement('li');
  turn.className = who;
  turn.textContent = text;
  turns.append(turn);
}

const backend = () => backendChoice.parse(element('backend', HTMLSelectElement).value);
const settings = () =>
  settingsSchema.parse({
    backend: backend(),
    epochs: element('epochs', HTMLInputElement).valueAsNumber,
    learningRate: element('learning-rate', HTMLInputElement).valueAsNumber,
    maxLength: element('max-length', HTMLInputElement).valueAsNumber,
  });

function show(report: Report): void {
  switch (report.type) {
    case 'idle':
      enter('idle');
      break;
    case 'waiting':
      say(`Waiting for ${report.for}.`);
      break;
    case 'opened':
      isOpen = true;
      hasAdapter = report.hasAdapter;
      adapted.checked = report.isAdapted;
      turns.replaceChildren();
      enter('ready');
      say(report.isAdapted ? 'What it learned is in use.' : 'The model is open.');
      break;
    case 'trained':
      showEvent(report.event);
      break;
    case 'piece':
      turns.lastElementChild?.append(report.piece);
      break;
    case 'answered':
      enter('ready');
      break;
    case 'archive':
      saveFile('adapter.zip', report.bytes);
      break;
    case 'failed':
      enter(isOpen ? 'ready' : 'idle');
      say(report.message, true);
      break;
  }
}

worker.addEventListener('message', ({ data }: MessageEvent<Report>) => show(data));
files.addEventListener('change', () => {
  isOpen = false;
  enter('working');
  ask({ type: 'open', files: [...(files.files ?? [])], backend: backend() });
});
element('task', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const file = data.files?.[0];
  if (!file) return;
  enter('working');
  ask({ type: 'train', data: file, settings: settings() });
});
element('trial', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  enter('working');
  addTurn('you', message.value);
  addTurn('model', '');
  ask({ type: 'say', text: message.value });
  message.value = '';
});
adapted.addEventListener('change', () => ask({ type: 'adapt', isAdapted: adapted.checked }));
for (const each of [buttons.stop, buttons.stopTraining]) each.addEventListener('click', () => ask({ type: 'stop' }));
buttons.download.addEventListener('click', () => ask({ type: 'download' }));
ask({ type: 'restore', backend: backend() });
