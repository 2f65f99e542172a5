/** A decoder of GPT-2's shape for Attune: what @attune/models does not have, from core's layers alone. */
import { embeddingLayer, layerNormLayer, linear, type Model, type Scope, tokenFields } from '@attune/core';
import {
  add,
  geluTanh,
  iota,
  project,
  reshape,
  scaledDotProductAttention,
  sliceAxis,
  transpose,
  type Value,
} from '@attune/ir';
import { NORM_EPSILON, type Task } from './task.js';

const initializer = { kind: 'normal', standardDeviation: 0.02 } as const;

/** Logits of the next token, [batch, tokens, vocabulary]; parameters have the names of GPT2LMHeadModel. */
export const decoder = (task: Task): Model => ({
  architecture: 'gpt2',
  task: { name: 'language-modeling', peftTaskType: null, headModules: [], adapterModules: [] },
  config: { model_type: 'gpt2' },
  maxPositions: task.tokens,
  inputs: tokenFields('inputIds'),
  forward(scope, { inputIds }) {
    const root = scope.child('transformer');
    const words = embeddingLayer(root, 'wte', inputIds!, [task.vocabulary, task.width], { initializer });
    const order = iota(scope.builder, [1, inputIds!.type.shape[1]!], 1);
    const positions = embeddingLayer(root, 'wpe', order, [task.tokens, task.width], { initializer });
    let hidden = add(words, positions);
    for (let index = 0; index < task.layers; index++) hidden = block(root.child('h').child(index), task, hidden);
    const normalized = layerNormLayer(root, 'ln_f', hidden, NORM_EPSILON.gpt);
    return { logits: project(normalized, root.child('wte').parameter('weight', [task.vocabulary, task.width])) };
  },
});

function block(scope: Scope, { width, heads, inner }: Task, x: Value): Value {
  const attended = causalAttention(scope.child('attn'), heads, layerNormLayer(scope, 'ln_1', x, NORM_EPSILON.gpt));
  const settled = add(x, linear(scope.child('attn'), 'c_proj', attended, width, { initializer }));
  const widened = linear(scope.child('mlp'), 'c_fc', layerNormLayer(scope, 'ln_2', settled, NORM_EPSILON.gpt), inner, {
    initializer,
  });
  return add(settled, linear(scope.child('mlp'), 'c_proj', geluTanh(widened), width, { initializer }));
}

function causalAttention(scope: Scope, heads: number, x: Value): Value {
  const [batch, tokens, width] = x.type.shape as [number, number, number];
  const joined = linear(scope, 'c_attn', x, 3 * width, { initializer });
  const [query, key, value] = [0, 1, 2].map((part) => {
    const own = sliceAxis(joined, 2, part * width, (part + 1) * width);
    return transpose(reshape(own, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]);
  });
  const scale = 1 / Math.sqrt(width / heads);
  const attended = scaledDotProductAttention(query!, key!, value!, { scale, causal: true });
  return reshape(transpose(attended, [0, 2, 1, 3]), [batch, tokens, width]);
}
