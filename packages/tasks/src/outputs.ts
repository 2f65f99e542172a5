import { linear, type Scope, type Values } from '@attune/core';
import type { Value } from '@attune/ir';
import type { Encoder, HiddenStates } from './encoder.js';
import type { HeadOptions } from './task.js';

/** `hiddenStates.<i>` if they are wanted. */
export function hiddenStates({ layers }: HiddenStates, { outputHiddenStates }: HeadOptions): Values {
  if (!outputHiddenStates) return {};
  return Object.fromEntries(layers.map((state, index) => [`hiddenStates.${index}`, state]));
}

/** A linear layer over the labels, behind dropout. */
export function classify(
  scope: Scope,
  { initializer, classifierDropout, classifier: { name, bias } }: Encoder,
  x: Value,
  labels: number,
): Value {
  return linear(scope, name, scope.child(name).dropout(x, classifierDropout), labels, { bias, initializer });
}

/** The names that transformers' families have for a classifier. */
export const classifierModules = ['classifier', 'score'] as const;

export const classifierPrefix = ({ classifier }: Encoder): string => `${classifier.name}.`;
