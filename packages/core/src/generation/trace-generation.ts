import { AttuneError, type Program, reshape, sliceAxis, tensorType } from '@attune/ir';
import { type BatchTypes, CACHE_POSITION, type Model } from '../model.js';
import { namedValue } from '../objectives/labels.js';
import { donate } from '../passes/donate.js';
import { KEY_INPUT } from '../port-names.js';
import type { LayerRewrite } from '../scope.js';
import { traceProgram } from '../trace.js';
import { type Sampling, sampleTokens } from './sampling.js';

/** Names of what generation keeps on the device beside the parameters. */
export const generationNames = {
  /** The tokens of the pass, i32 [batch, tokens]. */
  prompt: 'generation/prompt',
  /** The tokens that were chosen last, i32 [batch, 1]. */
  chosen: 'generation/tokens',
  /** i32 [batch, length], 0 for padding. */
  mask: 'generation/mask',
  /** The scores that a token was chosen by, f32 [batch, vocabulary]. */
  logits: 'generation/logits',
  /** The place of the pass's first token in the cache, an i32 scalar. */
  position: 'generation/position',
  cache: (name: string) => `generation/${name}`,
} as const;

export interface GenerationPass {
  readonly model: Model;
  readonly rewrites: readonly LayerRewrite[];
  readonly batch: number;
  /** Tokens of the pass: those of the prompt at first, then one. */
  readonly tokens: number;
  /** Tokens that the cache holds. */
  readonly length: number;
  readonly sampling: Sampling;
  /** Whether the scores are an output. */
  readonly outputLogits: boolean;
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

/**
 * A pass that reads tokens, adds them to the cache in place, and chooses the next one for each row. The first reads
 * `prompt`; later ones read `chosen`, which stays on the device.
 */
export function traceGeneration(pass: GenerationPass): Program {
  const { model, rewrites, batch, tokens, length, sampling } = pass;
  const { prompt, chosen, mask, logits: logitsName, position, cache: cacheName } = generationNames;
  const cache = Object.entries(cacheTypes(pass));
  const { program } = traceProgram(`${model.architecture} generation`, {}, (place) => {
    const { builder } = place;
    const inputs = {
      inputIds: builder.input(tokens === 1 ? chosen : prompt, tensorType([batch, tokens], 'i32')),
      attentionMask: builder.input(mask, tensorType([batch, length], 'i32')),
      [CACHE_POSITION]: builder.input(position, tensorType([], 'i32')),
      ...Object.fromEntries(cache.map(([name, type]) => [name, builder.input(cacheName(name), type)])),
    };
    const outputs = model.forward(place.scope({ rewrites, dropout: undefined }), inputs);
    const logits = namedValue(outputs, 'logits');
    const last = reshape(sliceAxis(logits, 1, tokens - 1, tokens), [batch, logits.type.shape[2]!]);
    const key = sampling.temperature > 0 ? builder.input(KEY_INPUT, tensorType([2], 'u32')) : undefined;
    return {
      [chosen]: sampleTokens(last, sampling, key),
      ...(pass.outputLogits ? { [logitsName]: last } : {}),
      ...Object.fromEntries(cache.map(([name]) => [cacheName(name), namedValue(outputs, name)])),
    };
  });
  return donate(
    program,
    cache.map(([name]) => cacheName(name)),
  );
}
