import {
  type BatchShape,
  type BatchTypes,
  CACHE_POSITION,
  embeddingLayer,
  type Initializer,
  namedValue,
  type Scope,
  type Values,
} from '@attune/core';
import { AttuneError, add, mul, type RotaryOptions, rotaryAngles, tensorType, type Value } from '@attune/ir';
import type { HiddenStates } from '@attune/tasks';
import type { LayerCache } from './attention.js';
import { decoderLayer } from './layer.js';
import { norm } from './norm.js';
import type { DecoderPlan } from './plan.js';
import { decoderSight, type Sight } from './sight.js';

/** The hidden states of a decoder, of tokens alone or behind those of a cache. */
export function decoderStates(scope: Scope, plan: DecoderPlan, inputs: Values): HiddenStates {
  const sight = decoderSight(inputs, scope.firstPosition, !(cacheNames(0)[0] in inputs));
  const initializer = initializerOf(plan);
  const turned = new Map<RotaryOptions, { readonly cos: Value; readonly sin: Value }>();
  const anglesOf = (rotary: RotaryOptions | undefined) => {
    if (!rotary) return undefined;
    const known = turned.get(rotary) ?? rotaryAngles(sight.positions, rotary);
    turned.set(rotary, known);
    return known;
  };
  let hidden = embeddings(scope, plan, inputs, sight);
  const states = [hidden];
  const cache: Record<string, Value> = {};
  for (let index = 0; index < plan.layers; index++) {
    const layer = plan.layer(index);
    const names = cacheNames(index);
    const before: LayerCache | undefined = sight.cachePosition && [
      namedValue(inputs, names[0]),
      namedValue(inputs, names[1]),
    ];
    const context = { plan, layer, sight, angles: anglesOf(layer.rotary), cache: before, initializer };
    const made = decoderLayer(scope.child(plan.names.layers).child(index), hidden, context);
    hidden = made.hidden;
    for (const [part, name] of names.entries()) cache[name] = made.cache[part]!;
    states.push(hidden);
  }
  const last = norm(scope, plan.names.finalNorm, hidden, plan.norm);
  return { layers: states.with(-1, last), last, ...(CACHE_POSITION in inputs ? { carried: cache } : {}) };
}

function embeddings(scope: Scope, plan: DecoderPlan, inputs: Values, sight: Sight): Value {
  const { names, vocabulary, width, maxPositions, paddingIndex, embeddingScale } = plan;
  const initializer = initializerOf(plan);
  const ids = namedValue(inputs, 'inputIds');
  const words = embeddingLayer(scope, names.embedding, ids, [vocabulary, width], { paddingIndex, initializer });
  const scaled = embeddingScale === undefined ? words : mul(words, embeddingScale);
  const placed = names.positions === undefined ? scaled : add(scaled, positions(names.positions));
  return scope.dropout(placed, plan.dropout?.embedding ?? 0);

  function positions(name: string): Value {
    const tokens = ids.type.shape[1]! + scope.firstPosition;
    if (!(CACHE_POSITION in inputs) && tokens > maxPositions) {
      throw new AttuneError(
        'E_TOO_LONG',
        `A batch of ${tokens} tokens is longer than the model's ${maxPositions} positions.`,
        { field: 'maxLength', hint: 'Choose a smaller maxLength.' },
      );
    }
    return embeddingLayer(scope, name, sight.positions, [maxPositions, width], { initializer });
  }
}

/** The types of the cache: keys and values of each layer for `tokens` places. */
export function decoderCache({ layers, attention }: DecoderPlan, { batch, tokens }: BatchShape): BatchTypes {
  const type = tensorType([batch, attention.keyHeads, tokens, attention.headWidth]);
  return Object.fromEntries(
    Array.from({ length: layers }, (_, index) => cacheNames(index).map((name) => [name, type] as const)).flat(),
  );
}

const cacheNames = (layer: number): readonly [string, string] => [`cache.${layer}.key`, `cache.${layer}.value`];

/** How matrices begin in a model without files; biases begin at 0 and norms at the identity. */
export const initializerOf = ({ initializerRange: standardDeviation }: DecoderPlan): Initializer => ({
  kind: 'normal',
  standardDeviation,
});
