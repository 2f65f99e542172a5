/** A recurrent language model of a few numbers, and a stream of tokens for it: what tests of carried state train. */
import { tokenStream } from '@attune/data/internal';
import { hostTensor, project, tensorType } from '@attune/ir';
import type { TokenizedDataset } from '../../dataset.js';
import { describeModel } from '../../describe-model.js';
import { type Model, tokenFields } from '../../model.js';
import { embeddingLayer } from '../../nn/layers.js';
import { lockedDropout, lstmLayer } from '../../nn/recurrent.js';
import { causalLanguageModeling } from '../../objectives/causal-language-modeling.js';
import { gaussian, permutation } from '../../random.js';
import type { TrainableModel } from '../trainable-model.js';
import { tinyTask } from './tiny.js';

const VOCABULARY = 12;
const WIDTH = 8;

export const streamObjective = causalLanguageModeling({ classes: VOCABULARY });

/** @param dropout of weights and of the layer's outputs */
export function tinyRecurrent(dropout = 0.2): TrainableModel {
  const model: Model = {
    architecture: 'tiny recurrent',
    task: tinyTask,
    config: {},
    maxPositions: 1000,
    inputs: tokenFields('inputIds'),
    state({ batch }) {
      const type = tensorType([batch, WIDTH]);
      return { hidden: type, cell: type };
    },
    forward(scope, { inputIds, hidden, cell }) {
      const words = embeddingLayer(scope, 'words', inputIds!, [VOCABULARY, WIDTH]);
      const { outputs, state } = lstmLayer(scope.child('rnn'), words, {
        size: WIDTH,
        state: hidden && cell && { hidden, cell },
        weightDropout: dropout,
      });
      const logits = project(
        lockedDropout(scope, outputs, dropout, 'outputs'),
        scope.child('words').parameter('weight', [VOCABULARY, WIDTH]),
      );
      return { logits, ...(hidden && cell ? { ...state } : {}) };
    },
  };
  const weights = new Map(
    describeModel(model).parameters.map(({ name, type }) => {
      const count = type.shape.reduce((a, b) => a * b, 1);
      return [name, hostTensor(type.shape, gaussian(count, 1, name))] as const;
    }),
  );
  return { model, weights, objective: streamObjective };
}

/** Texts of 3 to 9 tokens each, in windows of 5. */
export function tinyStream(texts = 20, seed = 0): TokenizedDataset {
  const examples = Array.from({ length: texts }, (_, row) => {
    const ids = Array.from(permutation(VOCABULARY, seed, 'stream text', row).slice(0, 3 + (row % 7)));
    return { ids, typeIds: ids.map(() => 0), labels: {}, row: row + 1, truncated: false };
  });
  return tokenStream(examples, { name: 'stream', maxLength: 5 });
}
