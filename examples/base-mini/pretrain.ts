/** `npm run pretrain:base`: makes the files of @attune/base-mini, stage by stage. */
import { join, resolve } from 'node:path';
import { onnx } from '@attune/backend-onnx';
import { nodeStorage } from '@attune/hub/node';
import { readCorpus } from './corpus.js';
import { readCurve } from './curve.js';
import { maskedWordsTrainer } from './masked-words.js';
import { publish, publishCurves } from './publish.js';
import { curveFile, finishedStage, modelDirectory, runStage, type StageResult } from './run-stage.js';
import { distillationTrainer, teacherTexts } from './sentence-embeddings.js';
import type { Settings } from './settings.js';
import { teach } from './teacher.js';
import { readPieces, type TaughtPieces } from './token-table.js';
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
  const [maskedWords, sentences] = [place('masked-words'), place('sentence-embeddings')];
  const corpus = await readCorpus(join(settings.shared, 'data'), settings.passages);
  log(`corpus: ${corpus.passages.length} passages, ${corpus.leftOut} left out as they share text with evaluations`);

  const tokenizer = nodeStorage(place('tokenizer'));
  await trainVocabulary(tokenizer, corpus.passages, { pieces: settings.pieces, signal, log });

  const masked =
    finishedStage(maskedWords) ??
    (await runStage({
      name: 'masked words',
      directory: maskedWords,
      trainer: await maskedWordsTrainer(corpus.passages, tokenizer, await taught(), settings, context),
      steps: settings.stepsMlm,
      minutes: settings.minutesMlm,
      signal,
      log,
    }));
  if (!masked) return undefined;

  const distilled = finishedStage(sentences) ?? (await distill());
  if (!distilled) return undefined;

  publishCurves(
    settings.curves,
    [maskedWords, sentences].flatMap((directory) => readCurve(curveFile(directory))),
  );
  const { shared: _, work: __, output, curves: ___, ...recorded } = settings;
  return publish(nodeStorage(modelDirectory(sentences)), output, {
    command,
    settings: recorded,
    corpus: { passages: corpus.passages.length, leftOut: corpus.leftOut },
    stages: { maskedWords: masked, sentenceEmbeddings: distilled },
  });

  async function taught(): Promise<TaughtPieces> {
    const { pieces, texts } = await readPieces(tokenizer);
    return { pieces, vectors: await teach(texts, teacher, nodeStorage(place('pieces')), context) };
  }

  async function distill(): Promise<StageResult | undefined> {
    const texts = teacherTexts(corpus.passages, settings);
    const vectors = await teach(texts, teacher, nodeStorage(place('teacher')), context);
    const student = nodeStorage(modelDirectory(maskedWords));
    return runStage({
      name: 'sentence embeddings',
      directory: sentences,
      trainer: await distillationTrainer(student, texts, vectors, settings, context),
      steps: settings.stepsDistill,
      minutes: settings.minutesDistill,
      signal,
      log,
    });
  }
}
