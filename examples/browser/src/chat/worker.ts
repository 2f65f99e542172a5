/** The worker: a chat model, the training of its adapter, and a conversation with either. */
import { Trainer } from '@attune/core';
import { instructions } from '@attune/data';
import type { Storage } from '@attune/hub';
import { type Chat, type OpenModel, openModel } from '@attune/inference';
import { AttuneError } from '@attune/ir';
import { causalLanguageModel } from '@attune/models';
import { lora } from '@attune/strategies';
import { answerRequests } from '../shared/answer-requests.js';
import { archiveOf } from '../shared/archive.js';
import { type BackendChoice, openBackend } from '../shared/open-backend.js';
import { keepModel, keptAdapter, keptModel, newAdapter } from './kept.js';
import type { Report, Request, Settings } from './protocol.js';

const task = 'causal-language-modeling';
const ADAPTER = 'learned';
const report = (message: Report, transfer: Transferable[] = []): void => postMessage(message, { transfer });

let stop = new AbortController();
let model: OpenModel<typeof task> | undefined;
let chat: Chat | undefined;

/** Opens the model that is kept, with its adapter if there is one. */
async function open(backend: BackendChoice): Promise<void> {
  await close();
  const directory = await keptModel();
  if (!directory) return report({ type: 'idle' });
  report({ type: 'waiting', for: 'the model' });
  model = await openModel(directory, { backend: await openBackend(backend), task });
  const adapter = await keptAdapter();
  if (adapter) await model.loadAdapter(adapter, { name: ADAPTER });
  await converse(adapter !== undefined);
}

/** A new conversation. */
async function converse(isAdapted: boolean): Promise<void> {
  const opened = requireModel();
  chat?.[Symbol.dispose]();
  chat = undefined;
  await opened.setAdapter(isAdapted ? ADAPTER : null);
  chat = await opened.chat({ maxNewTokens: 200 });
  report({ type: 'opened', hasAdapter: opened.adapters.length > 0, isAdapted });
}

/** Trains a new adapter, and opens the model again whatever comes of it. */
async function train({ data, settings }: Extract<Request, { type: 'train' }>): Promise<void> {
  requireModel();
  // The base lies on the device once.
  await close();
  stop = new AbortController();
  report({ type: 'waiting', for: 'the model' });
  try {
    await learn(data, settings);
  } finally {
    await open(settings.backend);
  }
}

async function learn(data: File, settings: Settings): Promise<void> {
  await using trainer = new Trainer({
    model: await causalLanguageModel(await requireKept(), { maxLength: settings.maxLength }),
    train: instructions(data),
    strategy: lora({ r: 8, alpha: 16 }),
    backend: await openBackend(settings.backend),
    numTrainEpochs: settings.epochs,
    learningRate: settings.learningRate,
    perDeviceTrainBatchSize: 4,
    evalStrategy: 'no',
  });
  for await (const event of trainer.train({ signal: stop.signal })) {
    report({ type: 'trained', event: event.type === 'end' ? { ...event, cause: undefined } : event });
  }
  await trainer.save(await newAdapter());
}

async function say(text: string): Promise<void> {
  if (!chat) throw noModel();
  stop = new AbortController();
  const { signal } = stop;
  try {
    for await (const { piece } of chat.answer(text, { signal })) report({ type: 'piece', piece });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  report({ type: 'answered' });
}

async function download(): Promise<void> {
  const adapter = await keptAdapter();
  if (!adapter) throw new Error('There is no adapter yet.');
  const bytes = await archiveOf(adapter);
  report({ type: 'archive', bytes }, [bytes.buffer]);
}

async function close(): Promise<void> {
  chat?.[Symbol.dispose]();
  chat = undefined;
  await model?.[Symbol.asyncDispose]();
  model = undefined;
}

function requireModel(): OpenModel<typeof task> {
  if (!model) throw noModel();
  return model;
}

async function requireKept(): Promise<Storage> {
  const directory = await keptModel();
  if (!directory) throw noModel();
  return directory;
}

const noModel = () => new AttuneError('E_CONFIG', 'No model is open.', { hint: 'Choose the files of one.' });

async function handle(request: Request): Promise<void> {
  switch (request.type) {
    case 'restore':
      return open(request.backend);
    case 'open':
      await keepModel(request.files);
      return open(request.backend);
    case 'train':
      return train(request);
    case 'adapt':
      return converse(request.isAdapted);
    case 'say':
      return say(request.text);
    case 'download':
      return download();
    case 'stop':
      return stop.abort();
  }
}

answerRequests(handle);
