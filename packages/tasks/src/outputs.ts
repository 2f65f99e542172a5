import { linear, type Scope, type Values } from '@attune/core';
import type { Value } from '@attune/ir';
import type { Encoder, HiddenStates } from './encoder.js';
import type { HeadOptions } from './task.js';

/** `hiddenStates.<i>` if they are wanted. */
export function hiddenStates({ layers }: HiddenStates, { outputHiddenStates }: HeadOptions): Values {
  if (!outputHiddenStates) return {};
  return Object.fromEntries(layers.map((state, index) => [`hiddenStates.${index}`, state]));
}

/** A layer over labels, behind dropout. */
export type LabelLayer = NonNullable<Encoder['tokenClassifier']> & Pick<Encoder, 'initializer'>;

export const textLabelLayer = ({ classifier, classifierDropout: dropout, initializer }: Encoder): LabelLayer => ({
  ...classifier,
  dropout,
  initializer,
});

export const tokenLabelLayer = (encoder: Encoder): LabelLayer => ({
  ...textLabelLayer(encoder),
  ...encoder.tokenClassifier,
});

export function classify(scope: Scope, classifier: LabelLayer, x: Value, labels: number): Value {
  const { name, dropout, ...options } = classifier;
  return linear(scope, name, scope.child(name).dropout(x, dropout), labels, options);
}

/** The names that transformers' families have for a classifier. */
export const classifierModules = ['classifier', 'score'] as const;

export const classifierPrefix = ({ name }: LabelLayer): string => `${name}.`;
