/** The bodies of requests, as the OpenAI API has them; the options that it lacks have the names that vLLM gives them. */
import type { WritingOptions } from '@attune/models';
import { z } from 'zod';
import { ApiError } from './api-error.js';

const whole = z.number().int();
const tokens = z.array(whole.nonnegative()).min(1);

/** What clients send along that changes nothing here. */
const ignored = {
  user: z.unknown().optional(),
  store: z.unknown().optional(),
  metadata: z.unknown().optional(),
  service_tier: z.unknown().optional(),
  parallel_tool_calls: z.unknown().optional(),
};

const model = z.string();

/** Options of both kinds of writing; null is as good as nothing, as in the OpenAI API. */
const writing = {
  model,
  max_tokens: whole.positive().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).lte(1).nullish(),
  n: whole.positive().nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1))]).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  logit_bias: z.record(z.string().regex(/^\d+$/), z.number().min(-100).max(100)).nullish(),
  seed: whole.nonnegative().max(Number.MAX_SAFE_INTEGER).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean().nullish() }).nullish(),
  top_k: whole.min(-1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  typical_p: z.number().gt(0).lte(1).nullish(),
  repetition_penalty: z.number().positive().nullish(),
  no_repeat_ngram_size: whole.nonnegative().nullish(),
  min_tokens: whole.nonnegative().nullish(),
  bad_words: z.array(z.string().min(1)).nullish(),
  ...ignored,
};

export const completionSchema = z.strictObject({
  ...writing,
  prompt: z.union([z.string(), z.array(z.string()).min(1), tokens, z.array(tokens).min(1)]),
  echo: z.literal(false).nullish(),
  best_of: z.literal(1).nullish(),
});

const part = z.looseObject({ type: z.string() });
const message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(part)]).nullish(),
  tool_calls: z
    .array(z.looseObject({ function: z.looseObject({ name: z.string(), arguments: z.unknown() }) }))
    .optional(),
});

const responseFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({ type: z.literal('json_object') }),
  z.strictObject({
    type: z.literal('json_schema'),
    json_schema: z.strictObject({
      name: z.string(),
      description: z.string().nullish(),
      schema: z.record(z.string(), z.unknown()),
      strict: z.boolean().nullish(),
    }),
  }),
]);

export const chatSchema = z.strictObject({
  ...writing,
  messages: z.array(message).min(1),
  max_completion_tokens: whole.positive().nullish(),
  tools: z.array(z.unknown()).nullish(),
  response_format: responseFormat.nullish(),
  logprobs: z.literal(false).nullish(),
  chat_template_kwargs: z.record(z.string(), z.unknown()).nullish(),
});

export const embeddingSchema = z.strictObject({
  model,
  input: z.union([z.string(), z.array(z.string()).min(1)]),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  ...ignored,
});

export const classifySchema = z.strictObject({
  model,
  input: z.union([z.string(), z.array(z.string()).min(1)]),
  ...ignored,
});

/** The JSON schema that an answer has to follow, if the request asks for one. */
export function schemaOf({ response_format: format }: z.output<typeof chatSchema>): unknown {
  if (format?.type === 'json_schema') return format.json_schema.schema;
  return format?.type === 'json_object' ? { type: 'object', additionalProperties: true } : undefined;
}

/** @throws ApiError that names the first field that is wrong */
export function parsed<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const { data, error } = schema.safeParse(body);
  if (data !== undefined) return data;
  const [issue] = error?.issues ?? [];
  if (issue?.code === 'unrecognized_keys') {
    const names = issue.keys.join(', ');
    throw new ApiError(400, 'unsupported_parameter', `The server does not know: ${names}.`, issue.keys[0] ?? null);
  }
  const param = issue?.path.join('.') || null;
  const problem = issue?.message ?? 'Invalid input';
  throw new ApiError(400, 'invalid_value', param === null ? problem : `${param}: ${problem}`, param);
}

type Writing = z.output<z.ZodObject<typeof writing>>;

/** How a text is written: as the OpenAI API does by default, at a temperature of 1. */
export function writingOptionsOf(body: Writing, maxNewTokens: number): WritingOptions {
  const set = <Value>(name: keyof WritingOptions, value: Value | null | undefined) =>
    value === null || value === undefined ? {} : { [name]: value };
  return {
    maxNewTokens,
    temperature: body.temperature ?? 1,
    ...set('topP', body.top_p),
    ...set('numReturnSequences', body.n),
    ...set('stopStrings', body.stop),
    ...set('presencePenalty', body.presence_penalty),
    ...set('frequencyPenalty', body.frequency_penalty),
    ...set('logitBias', body.logit_bias),
    seed: body.seed ?? Math.floor(Math.random() * 2 ** 32),
    // As in vLLM, -1 and 0 are all tokens.
    ...set('topK', (body.top_k ?? 0) > 0 ? body.top_k : undefined),
    ...set('minP', body.min_p),
    ...set('typicalP', body.typical_p),
    ...set('repetitionPenalty', body.repetition_penalty),
    ...set('noRepeatNgramSize', body.no_repeat_ngram_size),
    ...set('minNewTokens', body.min_tokens),
    ...set('badWords', body.bad_words),
  };
}
