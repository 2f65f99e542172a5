/** The form with the examples and the settings. */
import { element } from '../shared/element.js';
import { type Settings, settingsSchema } from './protocol.js';

const textNames = /^(text|message|sentence|utterance|query|question|comment)s?$/i;
const labelNames = /^(label|intent|category|class|topic)(e?s)?$/i;

const form = element('task', HTMLFormElement);
const drop = element('drop', HTMLLabelElement);
const data = element('data', HTMLInputElement);
const dataName = element('data-name', HTMLSpanElement);
const model = element('model', HTMLInputElement);
const start = element('start', HTMLButtonElement);
const columns = {
  text: element('text-column', HTMLSelectElement),
  label: element('label-column', HTMLSelectElement),
};
const method = element('method', HTMLSelectElement);
const backend = element('backend', HTMLSelectElement);
const numbers = {
  epochs: element('epochs', HTMLInputElement),
  batchSize: element('batch-size', HTMLInputElement),
  learningRate: element('learning-rate', HTMLInputElement),
  maxLength: element('max-length', HTMLInputElement),
};

/** Calls back with a file that is dropped or chosen. */
export function onData(look: (file: File) => void): void {
  const take = (files: FileList | undefined) => {
    const file = files?.[0];
    if (!file) return;
    showData(file.name);
    look(file);
  };
  data.addEventListener('change', () => take(data.files ?? undefined));
  for (const type of ['dragover', 'dragleave', 'drop']) {
    drop.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.toggle('over', type === 'dragover');
    });
  }
  drop.addEventListener('drop', ({ dataTransfer }) => {
    if (!dataTransfer?.files.length) return;
    data.files = dataTransfer.files;
    take(dataTransfer.files);
  });
}

/** Calls back with the file, the settings, and the files of a model of the user's own. */
export function onTrain(train: (data: File, settings: Settings, model: readonly File[]) => void): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const file = data.files?.[0];
    if (file) train(file, settings(), [...(model.files ?? [])]);
  });
}

/** Offers the columns of a file, those first that are called like it. */
export function offerColumns(names: readonly string[]): void {
  fill(columns.text, names, names.find((name) => textNames.test(name)) ?? names[0]);
  fill(columns.label, names, names.find((name) => labelNames.test(name)) ?? names.at(-1));
  start.disabled = false;
}

/** Shows a task that goes on from the last visit. */
export function showTask(fileName: string, { columns: chosen, ...settings }: Settings): void {
  showData(fileName);
  for (const role of ['text', 'label'] as const) {
    const { options } = columns[role];
    if (![...options].some(({ value }) => value === chosen[role])) fill(columns[role], [chosen[role]], chosen[role]);
    columns[role].value = chosen[role];
  }
  method.value = settings.method;
  backend.value = settings.backend;
  for (const name of ['epochs', 'batchSize', 'learningRate', 'maxLength'] as const) {
    numbers[name].value = String(settings[name]);
  }
}

/** Whether a file is chosen; a reload does not keep the choice. */
export const hasData = (): boolean => (data.files?.length ?? 0) > 0;

/** Whether a training can begin: not while there is one, and not before a file's columns are known. */
export function allowTraining(isAllowed: boolean): void {
  start.disabled = !(isAllowed && hasData() && columns.text.value !== '');
}

function showData(name: string): void {
  dataName.textContent = name;
}

function fill(select: HTMLSelectElement, names: readonly string[], chosen: string | undefined): void {
  select.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
  select.disabled = false;
}

const settings = (): Settings =>
  settingsSchema.parse({
    columns: { text: columns.text.value, label: columns.label.value },
    method: method.value,
    backend: backend.value,
    ...Object.fromEntries(Object.entries(numbers).map(([name, input]) => [name, input.valueAsNumber])),
  });
