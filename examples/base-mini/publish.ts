/** Stage 5: the package's files, and the record of how they were made. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '@attune/core';
import { loadTokenizer, type Storage, writeJson } from '@attune/hub';
import { nodeStorage } from '@attune/hub/node';
import { createModel, loadModel } from '@attune/models';
import { baseConfig } from './architecture.js';
import { type CurvePoint, thinCurve, writeCurve } from './curve.js';
import { plotCurves } from './curve-plot.js';
import type { StageResult } from './run-stage.js';

const LIMIT = 12_000_000;

export interface Recipe {
  readonly command: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly corpus: { readonly passages: number; readonly leftOut: number };
  readonly stages: Readonly<Record<string, StageResult>>;
}

/** Writes the model in 16 bits with recipe.json. @throws Error where the files are too large for the package */
export async function publish(model: Storage, output: string, recipe: Recipe): Promise<string> {
  const target = nodeStorage(output);
  const options = { task: 'feature-extraction', outputPooler: true } as const;
  const { weights } = await loadModel(model, options);
  const { vocabularySize } = await loadTokenizer(model);
  const published = await createModel(baseConfig(vocabularySize), { ...options, seed: 0, tokenizer: model });
  await published.save(target, weights, { dtype: 'float16' });
  const sha256 = createHash('sha256')
    .update(readFileSync(join(output, 'model.safetensors')))
    .digest('hex');
  await writeJson(target, 'recipe.json', {
    ...recipe,
    sha256,
    versions: { attune: VERSION, node: process.versions.node },
  });
  const files = [
    'config.json',
    'model.safetensors',
    'recipe.json',
    'tokenizer.json',
    'tokenizer_config.json',
    'vocab.txt',
  ];
  const bytes = files.reduce((sum, file) => sum + statSync(join(output, file)).size, 0);
  if (bytes > LIMIT) throw new Error(`The files of ${output} have ${bytes} bytes; ${LIMIT} is the limit.`);
  return sha256;
}

/** Writes the curves for the docs: a CSV of at most 400 points a stage, and their plot. */
export function publishCurves(directory: string, points: readonly CurvePoint[]): void {
  const thin = thinCurve(points, 400);
  mkdirSync(directory, { recursive: true });
  writeCurve(join(directory, 'loss.csv'), thin);
  writeFileSync(join(directory, 'loss.svg'), plotCurves(thin));
}
