/** Prefix tuning (Li and Liang 2021; in every layer, as P-Tuning v2, Liu et al. 2022), as PEFT has it. */
import type { AttentionInput, LayerRewrite, Scope, Strategy } from '@attune/core';
import { parseOptions } from '@attune/core/internal';
import { broadcast, concat, reshape, sliceAxis, transpose, type Value } from '@attune/ir';
import * as z from 'zod/mini';
import { attentionOf, definePrompt, promptShape } from './adapters/define-prompt.js';

const prefixSchema = z.strictObject(promptShape);

export type PrefixTuningOptions = z.input<typeof prefixSchema>;
export type PrefixTuningSettings = z.output<typeof prefixSchema>;

export const prefixTuningMethod = definePrompt<PrefixTuningSettings>({
  name: 'prefix-tuning',
  peftType: 'PREFIX_TUNING',
  // Within the rates of Liu et al. (5e-3 to 2e-2).
  recipe: { learningRate: () => 5e-3, epochFactor: 2 },
  parse: (options) => parseOptions(prefixSchema, options, 'prefix-tuning'),
  file: {
    constants: { prefix_projection: false },
    // A projection is multiplied out when PEFT saves.
    harmless: ['prefix_projection', 'encoder_hidden_size', 'init_weights'],
  },
  on(model, { numVirtualTokens }) {
    const layers = attentionOf(model);
    const order = new Map(layers.map(({ path }, index) => [path, index]));
    const [heads, headWidth] = layers[0]!.shape as [number, number];
    return {
      width: layers.length * 2 * heads * headWidth,
      targets: [...order.keys()],
      rewrite: (prompt) => withPrefix(prompt, order),
      wrap: (inner) => ({
        ...inner,
        maxPositions: inner.maxPositions - numVirtualTokens,
        forward: (scope, inputs) => inner.forward(scope.startingAt(numVirtualTokens), inputs),
      }),
    };
  },
});

/** Keys and values in front of those of each layer: of layer i the parts 2 i and 2 i + 1 of each virtual token. */
function withPrefix(prompt: (scope: Scope) => Value, order: ReadonlyMap<string, number>): LayerRewrite {
  return (call) => {
    const layer = order.get(call.scope.path);
    if (call.kind !== 'attention' || layer === undefined) return undefined;
    const [heads, headWidth] = call.shape as [number, number];
    const tokens = prompt(call.scope);
    const count = tokens.type.shape[0]!;
    const batch = call.input.key.type.shape[0]!;
    const part = (index: number): Value => {
      const own = sliceAxis(tokens, 1, index * heads * headWidth, (index + 1) * heads * headWidth);
      const split = transpose(reshape(own, [count, heads, headWidth]), [1, 0, 2]);
      return broadcast(split, [batch, heads, count, headWidth], [1, 2, 3]);
    };
    const { query, key, value, bias, mask, frontMask } = call.input;
    const input: AttentionInput = {
      query,
      key: concat([part(2 * layer), key], 2),
      value: concat([part(2 * layer + 1), value], 2),
      ...(bias ? { bias: withVisible(bias, count, 0) } : {}),
      ...(mask ? { mask: frontMask ? concat([frontMask(count), mask], -1) : withVisible(mask, count, 1) } : {}),
    };
    return call.base(input);
  };
}

/** A bias or mask [.., keys] with places in front that every query sees. */
function withVisible(x: Value, count: number, seen: number): Value {
  const shape = [...x.type.shape.slice(0, -1), count];
  const size = shape.reduce((product, length) => product * length, 1);
  const front = x.builder.constant({ type: { shape, dtype: x.type.dtype }, data: filled(x, size, seen) });
  return concat([front, x], -1);
}

const filled = (x: Value, size: number, value: number) =>
  x.type.dtype === 'f32' ? new Float32Array(size).fill(value) : new Uint8Array(size).fill(value);

/**
 * Trained keys and values in front of those of every attention layer, and the head.
 * @throws AttuneError `E_CONFIG` for options that are wrong; `E_STRATEGY` (in `adapt`) for a model without attention
 */
export const prefixTuning = (options: PrefixTuningOptions = {}): Strategy => prefixTuningMethod.strategy(options);
