import { basename } from 'node:path';
import { type OpenModel, openModel } from '@attune/inference';
import { AttuneError } from '@attune/ir';
import type { AnsweringTask } from '@attune/models';
import { sequenceClassificationTask } from '@attune/tasks';
import { z } from 'zod';
import { chosenBackend } from '../backends.js';
import { chatTemplateIfAny } from '../chat-template.js';
import type { CommandContext } from '../command-context.js';
import {
  baseOption,
  chatTemplateOption,
  modelOption,
  number,
  positive,
  record,
  runOptions,
  text,
} from '../common-options.js';
import { exitCodes } from '../exit-codes.js';
import type { Settings } from '../options.js';
import { JobQueue } from '../serve/job-queue.js';
import type { Limits } from '../serve/limits.js';
import { SchemaGrammars } from '../serve/schema-grammars.js';
import { servedModels } from '../serve/served-models.js';
import { startServer } from '../serve/server.js';
import type { Classifier, Service } from '../serve/service.js';
import { interruptible } from '../signals.js';

const group = 'Serving:';

export const serveOptions = {
  model: modelOption,
  base: baseOption,
  modelName: { ...text(z.string().optional(), "what requests call the model; its directory's name by default"), group },
  adapters: {
    ...record(z.record(z.string(), z.string()).default({}), 'further adapters of its base, by the names of requests'),
    group,
  },
  chatTemplate: chatTemplateOption,
  port: {
    ...number(z.number().int().min(0).max(65_535).default(8000), 'port on 127.0.0.1; 0 takes a free one'),
    group,
  },
  maxContext: {
    ...number(positive.optional(), "tokens of prompt and answer together; the model's positions by default"),
    group,
  },
  maxNewTokens: {
    ...number(positive.default(1024), 'tokens of an answer at most, and if a request does not say'),
    group,
  },
  maxBatch: { ...number(positive.default(8), 'texts that are written at once'), group },
  maxQueue: { ...number(positive.default(256), 'requests that may wait'), group },
  maxBodyBytes: { ...number(positive.default(4 * 2 ** 20), 'bytes of a request'), group },
  maxStrings: { ...number(positive.default(16), 'stop strings of a request'), group },
  maxInputs: { ...number(positive.default(256), 'texts of a request'), group },
  ...runOptions,
} as const;

/** `attune serve`: answers requests of the OpenAI API until it is interrupted; what came before that is answered. */
export async function serve(
  settings: Settings<typeof serveOptions>,
  { output, signal }: CommandContext,
): Promise<number> {
  const backend = await chosenBackend(settings, output.note);
  await using model = await interruptible(signal, () => openModel(settings.model, { backend, base: settings.base }));
  for (const message of model.warnings) output.warn(message);
  for (const [name, directory] of Object.entries(settings.adapters)) {
    await interruptible(signal, () => model.loadAdapter(directory, { name }));
  }
  const service = await serviceOf(model, settings.modelName ?? basename(settings.model), settings);
  const { names } = service.models;
  const server = await listening(service, settings.port);
  const url = `http://127.0.0.1:${server.port}/v1`;
  output.event({ type: 'listening', url, models: names });
  output.note(`serving ${names.join(', ')} at ${url}`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  output.note(`answering ${service.queue.running + service.queue.waiting} requests that came before`);
  await server.close();
  service.grammars[Symbol.dispose]();
  return exitCodes.ok;
}

/** What answers for a model. @param name of the model in requests @throws AttuneError `E_TEMPLATE`, `E_FILE_MISSING` */
export async function serviceOf(
  model: OpenModel<AnsweringTask>,
  name: string,
  settings: Omit<Limits, 'maxContext'> & Pick<Settings<typeof serveOptions>, 'maxContext' | 'chatTemplate'>,
): Promise<Service> {
  const reader = await model.reader();
  const { tokenizer, maxPositions, promptTokens } = reader;
  return {
    models: servedModels(model, name),
    queue: new JobQueue(model, settings),
    limits: { ...settings, maxContext: Math.min(settings.maxContext ?? maxPositions, maxPositions) },
    classifier: isClassifier(model) ? model : undefined,
    tokenizer,
    promptTokens,
    grammars: new SchemaGrammars(reader.files, settings.maxQueue),
    template: await chatTemplateIfAny(reader, settings.chatTemplate),
    created: Math.floor(Date.now() / 1000),
  };
}

const isClassifier = (model: OpenModel<AnsweringTask>): model is Classifier =>
  model.task === sequenceClassificationTask.name;

/** @throws AttuneError `E_CONFIG` for a port that is taken */
async function listening(service: Service, port: number) {
  try {
    return await startServer(service, port);
  } catch (error) {
    throw new AttuneError(
      'E_CONFIG',
      `Nothing can listen at 127.0.0.1:${port}: ${error instanceof Error ? error.message : error}.`,
      {
        field: 'port',
        hint: 'Take another port; 0 takes a free one.',
      },
    );
  }
}
