/** The worker: a model that learns one text, and then writes. */
import { Learner, Trainer } from '@attune/core';
import { rows } from '@attune/data';
import { MemoryStorage } from '@attune/hub';
import { causalLanguageModel, saveModel, streamText, type TextWriter, writeCompletions } from '@attune/models';
import { full } from '@attune/strategies';
import { answerRequests } from '../shared/answer-requests.js';
import { archiveOf } from '../shared/archive.js';
import { openBackend } from '../shared/open-backend.js';
import { newModel, WINDOW } from './new-model.js';
import type { Report, Request } from './protocol.js';

interface Trained {
  readonly model: TextWriter;
  readonly learner: Learner;
}

const report = (message: Report, transfer: Transferable[] = []): void => postMessage(message, { transfer });
const sampling = { temperature: 0.8, topK: 40 } as const;

let stop = new AbortController();
let trained: Trained | undefined;

/** Learns the text but for its last twentieth, which it is measured on. */
async function train({ text, settings }: Extract<Request, { type: 'train' }>): Promise<void> {
  stop = new AbortController();
  await trained?.learner[Symbol.asyncDispose]();
  trained = undefined;
  const backend = await openBackend(settings.backend);
  const model = await causalLanguageModel(await newModel(settings), { maxLength: WINDOW });
  const cut = Math.floor(text.length * 0.95);
  const every = Math.ceil(settings.steps / 10);
  await using trainer = new Trainer({
    model,
    train: rows([{ text: text.slice(0, cut) }], { name: 'the text' }),
    evaluation: rows([{ text: text.slice(cut) }], { name: 'the end of the text' }),
    strategy: full(),
    backend,
    maxSteps: settings.steps,
    perDeviceTrainBatchSize: 12,
    learningRate: 1e-3,
    adamBeta2: 0.99,
    evalStrategy: 'steps',
    evalSteps: every,
    loadBestModelAtEnd: false,
    logCompletions: writeCompletions(model, ['\n'], { ...sampling, maxNewTokens: 200, seed: 0 }),
  });
  for await (const event of trainer.train({ signal: stop.signal })) {
    report({ type: 'trained', event: event.type === 'end' ? { ...event, cause: undefined } : event });
  }
  const weights = await trainer.weights();
  trained = {
    model: { ...model, weights },
    learner: await Learner.open({ model: { model: model.model, weights }, backend }),
  };
  report({ type: 'ready' });
}

async function write(prompt: string): Promise<void> {
  const { model, learner } = open();
  stop = new AbortController();
  const { signal } = stop;
  try {
    const options = { ...sampling, maxNewTokens: 400, signal };
    for await (const { piece } of streamText(learner, model, prompt, options)) report({ type: 'piece', piece });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  report({ type: 'ready' });
}

async function download(): Promise<void> {
  const { model } = open();
  const target = new MemoryStorage();
  await saveModel(target, model, model.weights);
  await model.describe(target);
  const bytes = await archiveOf(target);
  report({ type: 'archive', bytes }, [bytes.buffer]);
}

function open(): Trained {
  if (!trained) throw new Error('Nothing is trained yet.');
  return trained;
}

async function handle(request: Request): Promise<void> {
  switch (request.type) {
    case 'train':
      return train(request);
    case 'write':
      return write(request.prompt);
    case 'download':
      return download();
    case 'stop':
      return stop.abort();
  }
}

answerRequests(handle);
