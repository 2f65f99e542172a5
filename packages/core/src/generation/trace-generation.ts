import {
  AttuneError,
  argmax,
  dynamicUpdateSlice,
  gather,
  type Program,
  pad,
  reshape,
  sliceAxis,
  type TensorType,
  tensorType,
  type Value,
} from '@attune/ir';
import { type BatchTypes, CACHE_POSITION, type Model } from '../model.js';
import { namedValue } from '../objectives/labels.js';
import { donate } from '../passes/donate.js';
import type { LayerRewrite } from '../scope.js';
import { traceProgram } from '../trace.js';

/** Names of what generation keeps on the device beside the parameters. */
export const generationNames = {
  /** The tokens of the pass, i32 [batch, tokens]. */
  prompt: 'generation/prompt',
  /** The tokens that were chosen last, i32 [batch, 1]. */
  chosen: 'generation/tokens',
  /** i32 [batch, length], 0 for padding. */
  mask: 'generation/mask',
  /** The scores of the last place, f32 [batch, vocabulary], or of all places, [batch, tokens, vocabulary]. */
  logits: 'generation/logits',
  /** The place of the pass's first token in the cache, an i32 scalar. */
  position: 'generation/position',
  /** The rows of a cache that go on, i32 [batch]. */
  rows: 'generation/rows',
  cache: (name: string) => `generation/${name}`,
} as const;

/** What a pass is for: the best next token, its scores, or the scores of all places. */
export type PassOutputs = 'chosen' | 'logits' | 'allLogits';

export interface GenerationPass {
  readonly model: Model;
  readonly rewrites: readonly LayerRewrite[];
  readonly batch: number;
  /** Tokens of the pass: those of the prompt at first, then one. */
  readonly tokens: number;
  /** Tokens that the cache holds. */
  readonly length: number;
  /** Whether nothing stands in the cache yet, so that tokens see none but those of the pass. */
  readonly isFirst: boolean;
  readonly outputs: PassOutputs;
}

/** What a model that can generate carries from token to token: its cache, or its state. @throws AttuneError `E_MODEL_UNSUPPORTED` for one that cannot */
export function cacheTypes({
  model,
  batch,
  length: tokens,
}: Pick<GenerationPass, 'model' | 'batch' | 'length'>): BatchTypes {
  const types = { ...model.cache?.({ batch, tokens }), ...model.state?.({ batch }) };
  if (Object.keys(types).length > 0) return types;
  throw new AttuneError('E_MODEL_UNSUPPORTED', `A ${model.architecture} for ${model.task.name} does not write texts.`, {
    field: 'task',
    hint: 'Load a decoder, such as Llama, with its language model.',
  });
}

/** A pass that reads tokens and adds them to the cache in place. Single tokens are read from `chosen`, others from `prompt`. */
export function traceGeneration(pass: GenerationPass): Program {
  const { model, rewrites, batch, tokens, length, isFirst, outputs: wanted } = pass;
  const { prompt, chosen, mask, logits: logitsName, position, cache: cacheName } = generationNames;
  const cache = Object.entries(cacheTypes(pass));
  const { program } = traceProgram(`${model.architecture} generation`, {}, (place) => {
    const { builder } = place;
    const ids = builder.input(tokens === 1 ? chosen : prompt, tensorType([batch, tokens], 'i32'));
    const all = builder.input(mask, tensorType([batch, length], 'i32'));
    const before = cache.map(([name, type]) => [name, builder.input(cacheName(name), type)] as const);
    const inputs = {
      inputIds: ids,
      attentionMask: isFirst ? sliceAxis(all, 1, 0, tokens) : all,
      [CACHE_POSITION]: builder.input(position, tensorType([], 'i32')),
      ...(isFirst ? {} : Object.fromEntries(before)),
    };
    const outputs = model.forward(place.scope({ rewrites, dropout: undefined }), inputs);
    const kept = ([name, old]: readonly [string, Value]) => {
      const made = namedValue(outputs, name);
      return [cacheName(name), isFirst ? dynamicUpdateSlice(old, made, starts(old)) : made] as const;
    };
    const logits = namedValue(outputs, 'logits');
    const last = () => reshape(sliceAxis(logits, 1, tokens - 1, tokens), [batch, logits.type.shape[2]!]);
    return {
      ...(wanted === 'chosen'
        ? { [chosen]: reshape(argmax(last(), 1), [batch, 1]) }
        : { [logitsName]: wanted === 'logits' ? last() : logits }),
      ...Object.fromEntries(before.map(kept)),
    };
  });
  return donate(
    program,
    cache.map(([name]) => cacheName(name)),
  );
}

const starts = ({ type: { shape } }: Value): readonly number[] => shape.map(() => 0);

/** Puts rows of a cache in the place of its rows, as a search does whose beams go on from others. */
export function traceReorder(types: BatchTypes, batch: number): Program {
  const { rows, cache: cacheName } = generationNames;
  const { program } = traceProgram('cache reordered', {}, ({ builder }) => {
    const order = builder.input(rows, tensorType([batch], 'i32'));
    const moved = ([name, type]: readonly [string, TensorType]) =>
      [cacheName(name), gather(builder.input(cacheName(name), type), order)] as const;
    return Object.fromEntries(Object.entries(types).map(moved));
  });
  return program;
}

/** A cache with more places, of which the first are those of the shorter one. */
export function traceGrowth(from: BatchTypes, to: BatchTypes): Program {
  const { cache: cacheName } = generationNames;
  const { program } = traceProgram('cache extended', {}, ({ builder }) => {
    const extended = ([name, type]: readonly [string, TensorType]) => {
      const value = builder.input(cacheName(name), type);
      const high = type.shape.map((size, axis) => to[name]!.shape[axis]! - size);
      const none = high.map(() => 0);
      return [cacheName(name), pad(value, { low: none, high, interior: none, value: 0 })] as const;
    };
    return Object.fromEntries(Object.entries(from).map(extended));
  });
  return program;
}
