import { linear, type Scope, type Values } from '@attune/core';
import type { Value } from '@attune/ir';
import type { Encoder } from './encoder.js';
import type { HeadOptions } from './task.js';

/** `hiddenStates.<i>` if they are wanted. */
export function hiddenStates(states: readonly Value[], { outputHiddenStates }: HeadOptions): Values {
  if (!outputHiddenStates) return {};
  return Object.fromEntries(states.map((state, index) => [`hiddenStates.${index}`, state]));
}

/** A linear layer over the labels, behind dropout. */
export function classify(scope: Scope, { initializer, classifierDropout }: Encoder, x: Value, labels: number): Value {
  const dropped = scope.child('classifier').dropout(x, classifierDropout);
  return linear(scope, 'classifier', dropped, labels, { initializer });
}

/** The names that transformers' families have for a classifier. */
export const classifierModules = ['classifier', 'score'] as const;
