/** The page: what the user does goes to the worker, what the worker reports is shown. */
import { element } from '../shared/element.js';
import { saveFile } from '../shared/save-file.js';
import { say, showEvent } from '../shared/training-view.js';
import { type Report, type Request, settingsSchema } from './protocol.js';
import shakespeare from './shakespeare.txt?raw';

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
const ask = (request: Request): void => worker.postMessage(request);

const text = element('text', HTMLInputElement);
const prompt = element('prompt', HTMLInputElement);
const sample = element('sample', HTMLPreElement);
const written = element('written', HTMLPreElement);
const buttons = {
  start: element('start', HTMLButtonElement),
  stop: element('stop', HTMLButtonElement),
  write: element('write', HTMLButtonElement),
  download: element('download', HTMLButtonElement),
};

function enter(state: 'idle' | 'working' | 'ready'): void {
  buttons.start.disabled = state === 'working';
  buttons.stop.disabled = state !== 'working';
  for (const each of [prompt, buttons.write, buttons.download]) each.disabled = state !== 'ready';
}

const settings = () =>
  settingsSchema.parse({
    backend: element('backend', HTMLSelectElement).value,
    layers: element('layers', HTMLInputElement).valueAsNumber,
    width: element('width', HTMLInputElement).valueAsNumber,
    steps: element('steps', HTMLInputElement).valueAsNumber,
  });

function show(report: Report): void {
  switch (report.type) {
    case 'trained':
      showEvent(report.event);
      if (report.event.type === 'completions') sample.textContent = report.event.completions[0]?.completion ?? '';
      break;
    case 'ready':
      enter('ready');
      break;
    case 'piece':
      written.append(report.piece);
      break;
    case 'archive':
      saveFile('characters.zip', report.bytes);
      break;
    case 'failed':
      enter('idle');
      say(report.message, true);
      break;
  }
}

worker.addEventListener('message', ({ data }: MessageEvent<Report>) => show(data));
element('task', HTMLFormElement).addEventListener('submit', async (event) => {
  event.preventDefault();
  enter('working');
  say('Waiting for the model.');
  sample.textContent = '';
  ask({ type: 'train', text: (await text.files?.[0]?.text()) ?? shakespeare, settings: settings() });
});
element('trial', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  enter('working');
  written.textContent = prompt.value;
  ask({ type: 'write', prompt: prompt.value });
});
buttons.stop.addEventListener('click', () => ask({ type: 'stop' }));
buttons.download.addEventListener('click', () => ask({ type: 'download' }));
