/** LoRA that started from the base's weights, as files hold it; loaded when such is saved or combined. */
import { derive } from '@attune/core';
import { concat, type HostTensor, mul } from '@attune/ir';
import type { Weights } from './adapters/method.js';
import { isOfWeight, type StartSettings } from './lora-starts.js';

/**
 * The change since the start as LoRA of twice the rank, which needs nothing to be known of the start: as PEFT's
 * `subtract_mutated_init`. Undefined if it is plain LoRA already.
 */
export function asPlainLora<Own extends StartSettings>(
  settings: Own,
  weights: Weights,
): { readonly settings: Own; readonly weights: Weights } | undefined {
  if (!isOfWeight(settings.initLoraWeights)) return undefined;
  const factor = settings.rslora ? Math.SQRT2 : 2;
  const times = (pattern: Readonly<Record<string, number>>, by: number) =>
    Object.fromEntries(Object.entries(pattern).map(([key, value]) => [key, value * by]));
  const combined = new Map(weights);
  for (const [name, start] of weights) {
    const own = name.replace(/\.lora_start_([AB])\./, '.lora_$1.');
    const tensor = weights.get(own);
    if (own === name || !tensor) continue;
    combined.delete(name);
    combined.set(own, name.includes('.lora_start_A.') ? beside(tensor, start, 0, 1) : beside(tensor, start, 1, -1));
  }
  const { r, alpha, rankPattern, alphaPattern } = settings;
  return {
    settings: {
      ...settings,
      initLoraWeights: true,
      r: 2 * r,
      alpha: factor * alpha,
      rankPattern: times(rankPattern, 2),
      alphaPattern: times(alphaPattern, factor),
    },
    weights: combined,
  };
}

const beside = (tensor: HostTensor, other: HostTensor, axis: number, sign: 1 | -1): HostTensor =>
  derive({ from: [], compute: ([a, b]) => concat([a!, mul(b!, sign)], axis) }, [tensor, other]);
