import { Trainer } from '@attune/core';
import { readDelimited } from '@attune/data';
import { MemoryStorage } from '@attune/hub';
import {
  type Classification,
  type ClassificationInput,
  type SequenceClassifier,
  saveModel,
  sequenceClassification,
} from '@attune/models';
import { full, lora } from '@attune/strategies';
import { archiveOf } from '../../shared/archive.js';
import { openBackend } from '../../shared/open-backend.js';
import type { Download, Report, Request, Settings } from '../protocol.js';
import { baseModel } from './base-model.js';
import { splitExamples } from './examples.js';
import { forgetTask, keepTask, keptTask, ownModel, runDirectory, type Task } from './kept.js';

interface Trained {
  readonly trainer: Trainer<Classification, ClassificationInput>;
  readonly model: SequenceClassifier;
}

type Tell = (report: Report, transfer?: Transferable[]) => void;

/** One task at a time: its training, and then its trained model. */
export class Session {
  readonly #tell: Tell;
  #stop = new AbortController();
  #training: Promise<void> | undefined;
  #trained: Trained | undefined;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  async handle(request: Request): Promise<void> {
    switch (request.type) {
      case 'restore':
        await this.#restore();
        break;
      case 'look-at': {
        const { columns, rows } = await readDelimited(request.data, { onBadRow: 'skip' });
        this.#tell({ type: 'columns', columns, rows: rows.length });
        break;
      }
      case 'train':
        await this.#begin(request);
        break;
      case 'stop':
        this.#stop.abort();
        break;
      case 'forget':
        await this.#close();
        await forgetTask();
        this.#tell({ type: 'idle' });
        break;
      case 'predict':
        this.#tell({ type: 'answer', answer: await this.#open().trainer.predict(request.text) });
        break;
      case 'download':
        await this.#download(request.what);
        break;
    }
  }

  /** A finished run is one that goes on from its last checkpoint and has no step left. */
  async #restore(): Promise<void> {
    await this.#close();
    const task = await keptTask();
    if (task) return this.#start(task);
    this.#tell({ type: 'idle' });
    // So that the first training works offline too.
    await baseModel();
  }

  async #begin({ data, model, settings }: Extract<Request, { type: 'train' }>): Promise<void> {
    await this.#close();
    await forgetTask();
    const { name: backend } = await openBackend(settings.backend);
    return this.#start(await keepTask({ data, settings: { ...settings, backend } }, model));
  }

  #start(task: Task): Promise<void> {
    this.#stop = new AbortController();
    this.#training = this.#train(task);
    return this.#training;
  }

  async #train({ data, settings }: Task): Promise<void> {
    this.#tell({ type: 'begun', fileName: data.name, settings });
    this.#tell({ type: 'waiting', for: 'the model' });
    const { train, evaluation, labels } = await splitExamples(data, settings.columns);
    const own = await ownModel();
    const directory = own ?? (await baseModel());
    const loaded = await sequenceClassification(directory, { labels, maxLength: settings.maxLength });
    const model = { ...loaded, base: own ? 'own-model' : '@attune/base-mini' };
    const trainer = new Trainer({
      model,
      train,
      ...(evaluation ? { evaluation } : {}),
      strategy: settings.method === 'lora' ? lora({ r: 8, alpha: 16 }) : full(),
      backend: await openBackend(settings.backend),
      outputDir: await runDirectory(),
      seed: 0,
      saveStrategy: 'steps',
      saveSteps: 10,
      ...trainingArguments(settings),
    });
    this.#trained = { trainer, model };
    for await (const event of trainer.train({ resume: true, signal: this.#stop.signal })) {
      this.#tell({ type: 'trained', event: event.type === 'end' ? { ...event, cause: undefined } : event });
    }
  }

  async #download(what: Download): Promise<void> {
    const { trainer, model } = this.#open();
    const target = new MemoryStorage();
    if (what === 'adapter') await trainer.save(target);
    else {
      const weights = await trainer.weights();
      await saveModel(target, model, trainer.adapted.adaptation.merge?.(weights) ?? weights);
      await model.describe(target);
    }
    const bytes = await archiveOf(target);
    this.#tell({ type: 'archive', name: `${what}.zip`, bytes }, [bytes.buffer]);
  }

  #open() {
    if (!this.#trained) throw new Error('Nothing is trained yet.');
    return this.#trained;
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    // Its failure was reported when it happened.
    await this.#training?.catch(() => {});
    await this.#trained?.trainer[Symbol.asyncDispose]();
    this.#trained = undefined;
  }
}

const trainingArguments = ({ epochs, batchSize, learningRate }: Settings) => ({
  numTrainEpochs: epochs,
  perDeviceTrainBatchSize: batchSize,
  learningRate,
});
