/** Sentence embeddings fine-tuned by CoSENT beside sentence-transformers: the same batches in the same order, no dropout. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onnx } from '@attune/backend-onnx';
import { Trainer } from '@attune/core';
import { csv, rows, type TextExample } from '@attune/data';
import { sentenceSimilarity } from '@attune/models';
import { full } from '@attune/strategies';
import { lastLine, miniLm, python, scripts, shared } from '../common.mjs';
import { inScratch } from './data.js';
import type { Unit } from './unit.js';

const models = {
  en: { model: miniLm, language: 'English, MiniLM' },
  zh: { model: join(shared, 'models', 'bge-small-zh-v1.5'), language: 'Chinese, bge-small-zh-v1.5' },
} as const;

/** 1,700 pairs are whole batches. */
const recipe = { batchSize: 20, epochs: 3, learningRate: 5e-5, maxLength: 64 } as const;

async function pairs(language: keyof typeof models, part: string): Promise<readonly TextExample[]> {
  const columns = { text: `${language}1`, textPair: `${language}2`, numbers: ['score'], label: 'split' };
  const found = await csv(join(shared, 'data/stsb-en-zh/stsb.csv'), columns).toArray();
  return found.flatMap(({ label, ...pair }) => (label === part ? [pair] : []));
}

function writePairs(path: string, examples: readonly TextExample[]): string {
  const line = ({ text, textPair, numbers }: TextExample) =>
    `${JSON.stringify({ sentence1: text, sentence2: textPair, score: Number(numbers?.[0]) })}\n`;
  writeFileSync(path, examples.map(line).join(''));
  return path;
}

/** What Python prints. */
interface Answer {
  readonly before: number;
  readonly after: number;
}

export const embeddingUnits: readonly Unit[] = (['en', 'zh'] as const).map((language) => ({
  library: 'sentence-transformers',
  data: `STS benchmark, ${models[language].language}`,
  run: () =>
    inScratch(async (directory) => {
      const { batchSize, epochs, learningRate, maxLength } = recipe;
      const [train, test] = [await pairs(language, 'train'), await pairs(language, 'test')];
      const model = await sentenceSimilarity(models[language].model, {
        ...{ objective: 'cosent', maxLength, seed: 0 },
        dropout: { hidden: 0, attention: 0 },
      });
      const { dataset } = await model.encode(rows(train));
      const order = Array.from({ length: epochs }, (_, epoch) =>
        dataset.batches({ batchSize, shuffle: { seed: 0, epoch } }).flatMap((make) => [...make().indices]),
      ).flat();
      const options = {
        model: models[language].model,
        train: writePairs(
          join(directory, 'train.jsonl'),
          order.map((index) => train[index]!),
        ),
        test: writePairs(join(directory, 'test.jsonl'), test),
        'batch-size': batchSize,
        'learning-rate': learningRate,
        'max-length': maxLength,
      };
      const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const peer = await lastLine<Answer>(python, ['sentence_embeddings.py', ...flags], scripts);
      await using trainer = new Trainer({
        ...{ model, train: dataset, strategy: full(), backend: onnx({ threads: 1 }), seed: 0 },
        ...{ learningRate, numTrainEpochs: epochs, perDeviceTrainBatchSize: batchSize, weightDecay: 0, warmupRatio: 0 },
        ...{ evalStrategy: 'no', holdOutShare: 0, loadBestModelAtEnd: false },
      });
      const before = await trainer.evaluate(rows(test));
      for await (const event of trainer.train()) if (event.type === 'end') break;
      const after = await trainer.evaluate(rows(test));
      return {
        'Spearman before': { attune: before.spearman ?? 0, peer: peer.before },
        Spearman: { attune: after.spearman ?? 0, peer: peer.after },
      };
    }),
}));
