/** `npm run pretrain:base`: makes the files of @attune/base-mini, stage by stage. */
import { join, resolve } from 'node:path';
import { onnx } from '@attune/backend-onnx';
import { nodeStorage } from '@attune/hub/node';
import { readCorpus } from './corpus.js';
import { readCurve } from './curve.js';
import { distillationTrainer, teacherTexts } from './distillation.js';
import { maskedWordsTrainer } from './masked-words.js';
import { publish, publishCurves } from './publish.js';
import { curveFile, finishedStage, modelDirectory, runStage, type StageResult } from './run-stage.js';
import type { Settings } from './settings.js';
import { lessonsOf } from './teacher-lessons.js';
import { trainVocabulary } from './vocabulary.js';

export interface PretrainOptions {
  readonly settings: Settings;
  /** How it was called, for the record. */
  readonly command: string;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** @returns the hash of the weights, or undefined where the signal came first: the same call goes on from there */
export async function pretrain({ settings, command, signal, log }: PretrainOptions): Promise<string | undefined> {
  const backend = onnx(settings.threads === undefined ? {} : { threads: settings.threads });
  const context = { backend, signal, log };
  const teacher = nodeStorage(join(settings.shared, 'models/all-minilm-l6-v2'));
  const place = (name: string) => resolve(settings.work, name);
  const [maskedWords, distillation] = [place('masked-words'), place('distillation')];
  const corpus = await readCorpus(join(settings.shared, 'data'), settings.passages);
  log(`corpus: ${corpus.passages.length} passages, ${corpus.leftOut} left out as they share text with evaluations`);

  const tokenizer = nodeStorage(place('tokenizer'));
  await trainVocabulary(tokenizer, corpus.passages, { pieces: settings.pieces, signal, log });

  const masked =
    finishedStage(maskedWords) ??
    (await runStage({
      name: 'masked words',
      directory: maskedWords,
      trainer: await maskedWordsTrainer(corpus.passages, tokenizer, teacher, settings, context),
      steps: settings.stepsMlm,
      minutes: settings.minutesMlm,
      signal,
      log,
    }));
  if (!masked) return undefined;

  const distilled = finishedStage(distillation) ?? (await distill());
  if (!distilled) return undefined;

  publishCurves(
    settings.curves,
    [maskedWords, distillation].flatMap((directory) => readCurve(curveFile(directory))),
  );
  const { shared: _, work: __, output, curves: ___, ...recorded } = settings;
  return publish(nodeStorage(modelDirectory(distillation)), output, {
    command,
    settings: recorded,
    corpus: { passages: corpus.passages.length, leftOut: corpus.leftOut },
    stages: { maskedWords: masked, distillation: distilled },
  });

  async function distill(): Promise<StageResult | undefined> {
    const texts = teacherTexts(corpus.passages, settings);
    const student = nodeStorage(modelDirectory(maskedWords));
    const lessons = await lessonsOf(texts, { teacher, student, cache: nodeStorage(place('lessons')) }, context);
    return runStage({
      name: 'distillation',
      directory: distillation,
      trainer: await distillationTrainer(student, texts, lessons, settings, context),
      steps: settings.stepsDistill,
      minutes: settings.minutesDistill,
      signal,
      log,
    });
  }
}
