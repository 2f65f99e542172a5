import { lastToken, linear, meanPooling, namedValue, POSITION_IDS, tokenFields } from '@attune/core';
import { project, softCapped } from '@attune/ir';
import type { Encoder } from '@attune/tasks';
import { layerDepths } from '../../layer-depths.js';
import type { DecoderPlan } from './plan.js';
import { decoderCache, decoderStates, initializerOf } from './states.js';

/** What a family says of its heads. */
export interface DecoderHeads {
  /** The layers that adapters change by default, as PEFT has it. */
  readonly adapterTargets: readonly string[];
  /** Its layer over the labels of tokens, where it is not `score` behind dropout of 0.1. */
  readonly tokenClassifier?: NonNullable<Encoder['tokenClassifier']>;
}

/** A decoder as tasks see it. */
export function decoderEncoder(modelType: string, plan: DecoderPlan, heads: DecoderHeads): Encoder {
  const { prefix, embedding, positions, layers, head } = plan.names;
  const { vocabulary, width, isTied, logitCap } = plan;
  const initializer = initializerOf(plan);
  return {
    modelType,
    width,
    maxPositions: plan.maxPositions,
    inputs: tokenFields('inputIds', 'attentionMask'),
    optionalInputs: [POSITION_IDS],
    prefix,
    sees: 'earlier',
    depths: layerDepths(
      plan.layers,
      new RegExp(`^(?:${prefix}\\.)?(?:${embedding}${positions ? `|${positions}` : ''})(?:\\.|$)`),
      new RegExp(`^(?:${prefix}\\.)?${layers}\\.(\\d+)`),
    ),
    initializer,
    adapterTargets: heads.adapterTargets,
    classifier: { name: 'score', bias: false },
    classifierDropout: 0,
    tokenClassifier: heads.tokenClassifier ?? { name: 'score', bias: true, dropout: 0.1 },
    states: (scope, inputs) => decoderStates(scope, plan, inputs),
    cache: (shape) => decoderCache(plan, shape),
    mean: (states, inputs) => meanPooling(states, namedValue(inputs, 'attentionMask')),
    textState: (_, states, inputs) => lastToken(states, namedValue(inputs, 'attentionMask')),
    textStatePrefixes: [],
    vocabulary: {
      prefixes: isTied ? [] : [`${head}.`],
      modules: [head],
      adapterModules: [],
      scores(scope, states) {
        const words = () => scope.child(prefix).child(embedding).parameter('weight', [vocabulary, width]);
        const logits = isTied
          ? project(states, words())
          : linear(scope, head, states, vocabulary, { bias: false, initializer });
        return logitCap === undefined ? logits : softCapped(logits, logitCap);
      },
    },
  };
}
