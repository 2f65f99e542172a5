/** Texts, one token at a time: by a program for the prompt and one for each further token, over a cache on the device. */
import { AttuneError, type HostTensor, hostTensor, zeros } from '@attune/ir';
import * as z from 'zod/mini';
import { count, size } from '../fields.js';
import { pauses } from '../learner/pauses.js';
import type { PredictionContext } from '../learner/prediction.js';
import { parseOptions } from '../parse-options.js';
import { KEY_INPUT } from '../port-names.js';
import { keyOf } from '../random.js';
import { samplingShape } from './sampling.js';
import { cacheTypes, generationNames, traceGeneration } from './trace-generation.js';

const schema = z.strictObject({
  ...samplingShape,
  /** Tokens that are written at most; 128 by default. */
  maxNewTokens: z._default(size, 128),
  /**
   * Tokens that the cache holds, prompt and new ones together, as `max_cache_len` of transformers' StaticCache: all texts
   * then share the program of a further token. As many as the text needs by default.
   */
  maxCacheLength: z.optional(size),
  /** Ids of the tokens that end a text; they are not part of it. */
  endTokenIds: z._default(z.array(count), []),
  /** Whether each step has the scores that its tokens were chosen by; false by default. */
  outputLogits: z._default(z.boolean(), false),
});

export type GenerateOptions = z.input<typeof schema>;

export interface GeneratedStep {
  /** The next token of each prompt; undefined for those whose text has ended. */
  readonly tokens: readonly (number | undefined)[];
  /** f32 [prompts, vocabulary], if they are wanted. */
  readonly logits?: HostTensor;
}

/** Prompts are padded to a multiple of this, and caches to one of the other: texts of any length share a few programs. */
const [PROMPT_STEP, CACHE_STEP] = [16, 64];

/** Tokens of the padded prompts and of the cache. With a cache of fixed length, prompts double in width from size to size. */
function lengthsOf(longest: number, maxNewTokens: number, maxCacheLength: number | undefined) {
  if (maxCacheLength === undefined) {
    const width = roundedUp(longest, PROMPT_STEP);
    return { width, length: roundedUp(width + maxNewTokens, CACHE_STEP) };
  }
  const doubled = PROMPT_STEP * 2 ** Math.max(0, Math.ceil(Math.log2(longest / PROMPT_STEP)));
  // The last token is not read again, so that its place is free.
  return { width: Math.min(doubled, maxCacheLength - maxNewTokens + 1), length: maxCacheLength };
}

/**
 * Goes on from prompts, as transformers' `generate` does with left padding: greedily, or by samples. Leaving the loop
 * early is allowed.
 * @param prompts token ids, at least one each
 * @throws AttuneError `E_MODEL_UNSUPPORTED` for a model that writes no texts, `E_TOO_LONG` for more tokens than it has
 * positions or the cache holds, `E_CONFIG`, `E_DATA` for an empty prompt; the signal's reason
 */
export async function* generateTokens(
  prompts: readonly (readonly number[])[],
  context: PredictionContext,
  options: GenerateOptions = {},
): AsyncGenerator<GeneratedStep, void, undefined> {
  const { maxNewTokens, maxCacheLength, endTokenIds, outputLogits, seed, ...sampling } = parseOptions(
    schema,
    options,
    'generation',
  );
  const { compiler, tensors, nameOf, signal, adapted } = context;
  const { model, rewrites } = adapted;
  cacheTypes({ model, batch: 1, length: CACHE_STEP });
  const longest = requirePrompts(prompts);
  requireRoom(longest, maxNewTokens, model.maxPositions);
  if (maxCacheLength !== undefined) requireCache(longest, maxNewTokens, maxCacheLength);
  const batch = prompts.length;
  const { width, length } = lengthsOf(longest, maxNewTokens, maxCacheLength);
  const pass = { model, rewrites, batch, length, sampling, outputLogits };
  const names = generationNames;
  const resident = new Map<string, HostTensor>([
    ...Object.entries(cacheTypes(pass)).map(([name, type]) => [names.cache(name), zeros(type)] as const),
    [names.mask, maskOf(prompts, width, length)],
    [names.chosen, zeros({ shape: [batch, 1], dtype: 'i32' })],
  ]);
  for (const [name, tensor] of resident) tensors.set(name, tensor);
  try {
    const hasEnded = new Array<boolean>(batch).fill(false);
    const pause = pauses();
    for (let step = 0; step < maxNewTokens; step++) {
      await pause();
      signal?.throwIfAborted();
      const tokens = step === 0 ? width : 1;
      const key = `generate/${batch}x${tokens}x${length}/${JSON.stringify(sampling)}/${outputLogits}`;
      const program = await compiler.compile(key, () => traceGeneration({ ...pass, tokens }));
      const given = new Map([
        [names.position, hostTensor([], [step === 0 ? 0 : width + step - 1], 'i32')],
        [KEY_INPUT, hostTensor([2], keyOf(seed, 'generation', step), 'u32')],
        ...(step === 0 ? [[names.prompt, promptsOf(prompts, width)] as const] : []),
      ]);
      const outputs = await tensors.run(program, given, nameOf);
      const { data } = await tensors.download(names.chosen);
      const chosen = Array.from({ length: batch }, (_, row) => {
        hasEnded[row] ||= endTokenIds.includes(data[row]!);
        return hasEnded[row] ? undefined : data[row]!;
      });
      if (hasEnded.every(Boolean)) return;
      const logits = outputs.get(names.logits);
      yield { tokens: chosen, ...(logits ? { logits } : {}) };
    }
  } finally {
    for (const name of resident.keys()) tensors.delete(name);
  }
}

const roundedUp = (count: number, step: number): number => Math.ceil(count / step) * step;

/** The length of the longest. @throws AttuneError `E_DATA` */
function requirePrompts(prompts: readonly (readonly number[])[]): number {
  const empty = prompts.findIndex((prompt) => prompt.length === 0);
  if (prompts.length > 0 && empty < 0) return Math.max(...prompts.map(({ length }) => length));
  const message = prompts.length === 0 ? 'There is no prompt.' : `Prompt ${empty + 1} has no token.`;
  throw new AttuneError('E_DATA', message, { field: 'prompts', hint: 'Begin with at least one token.' });
}

function requireRoom(prompt: number, maxNewTokens: number, maxPositions: number): void {
  if (prompt + maxNewTokens <= maxPositions) return;
  throw new AttuneError(
    'E_TOO_LONG',
    `The prompt has ${prompt} tokens; with ${maxNewTokens} new ones it needs ${prompt + maxNewTokens} of the model's ${maxPositions} positions.`,
    {
      field: 'maxNewTokens',
      hint: `Ask for at most ${Math.max(0, maxPositions - prompt)} new tokens, or shorten the prompt.`,
    },
  );
}

function requireCache(prompt: number, maxNewTokens: number, maxCacheLength: number): void {
  const needed = prompt + maxNewTokens;
  if (needed <= maxCacheLength) return;
  const fewer =
    maxCacheLength > prompt ? `ask for at most ${maxCacheLength - prompt} new tokens` : 'shorten the prompt';
  throw new AttuneError(
    'E_TOO_LONG',
    `The prompt has ${prompt} tokens; with ${maxNewTokens} new ones it needs ${needed}, but the cache holds ${maxCacheLength}.`,
    { field: 'maxCacheLength', hint: `Set maxCacheLength to at least ${needed}, or ${fewer}.` },
  );
}

/** Prompts that end together: padding is on the left. */
function promptsOf(prompts: readonly (readonly number[])[], width: number): HostTensor {
  const ids = new Int32Array(prompts.length * width);
  for (const [row, prompt] of prompts.entries()) ids.set(prompt, (row + 1) * width - prompt.length);
  return hostTensor([prompts.length, width], ids, 'i32');
}

/** 0 for the padding on the left, 1 for all other places of the cache, filled or not. */
function maskOf(prompts: readonly (readonly number[])[], width: number, length: number): HostTensor {
  const mask = new Int32Array(prompts.length * length).fill(1);
  for (const [row, prompt] of prompts.entries()) mask.fill(0, row * length, row * length + width - prompt.length);
  return hostTensor([prompts.length, length], mask, 'i32');
}
