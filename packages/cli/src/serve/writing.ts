/** What `/v1/completions` and `/v1/chat/completions` have in common: prompts of tokens, and texts that grow. */
import { randomUUID } from 'node:crypto';
import type { WritingRequest, WrittenText } from '@attune/models';
import { ApiError } from './api-error.js';
import type { Answer, Exchange, Service } from './service.js';

type Fields = Readonly<Record<string, unknown>>;

/** How an endpoint shows texts. */
interface Shape {
  readonly id: string;
  readonly object: string;
  readonly chunkObject: string;
  /** A whole text. */
  choice(text: string): Fields;
  /** A piece of one; the first is sent before there is text. */
  delta(piece: string, isFirst: boolean): Fields;
  /** Whether a stream begins with a piece without text. */
  readonly opens: boolean;
}

export const completionShape: Shape = {
  id: 'cmpl',
  object: 'text_completion',
  chunkObject: 'text_completion',
  choice: (text) => ({ text, logprobs: null }),
  delta: (piece) => ({ text: piece, logprobs: null }),
  opens: false,
};

export const chatShape: Shape = {
  id: 'chatcmpl',
  object: 'chat.completion',
  chunkObject: 'chat.completion.chunk',
  choice: (content) => ({ message: { role: 'assistant', content, refusal: null }, logprobs: null }),
  delta: (content, isFirst) => ({ delta: { ...(isFirst ? { role: 'assistant' } : {}), content }, logprobs: null }),
  opens: true,
};

export interface WritingRequestBody {
  readonly model: string;
  readonly n?: number | null | undefined;
  readonly stream?: boolean | null | undefined;
  readonly stream_options?: { readonly include_usage?: boolean | null | undefined } | null | undefined;
}

/** Writes on from prompts and answers, at once or as a stream. @throws ApiError, AttuneError */
export async function writeTexts(
  body: WritingRequestBody,
  prompts: readonly (readonly number[])[],
  optionsOf: (maxNewTokens: number) => NonNullable<WritingRequest['options']>,
  asked: { readonly maxTokens: number | null | undefined; readonly shape: Shape },
  service: Service,
  { signal, send }: Exchange,
): Promise<Answer> {
  const { models, queue, limits } = service;
  const adapter = models.adapterOf(body.model);
  const count = body.n ?? 1;
  if (count * prompts.length > limits.maxBatch) {
    throw new ApiError(400, 'too_many_texts', `A request may have ${limits.maxBatch} texts at most.`, 'n');
  }
  const rooms = prompts.map((ids) => roomOf(ids, asked.maxTokens, limits));
  const head = { id: `${asked.shape.id}-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: body.model };
  const texts: WrittenText[] = new Array(count * prompts.length).fill({ piece: '', text: '', tokens: [] });
  const sent: string[] = texts.map(() => '');
  const chunk = (choices: readonly Fields[], more: Fields = {}) =>
    send({ ...head, object: asked.shape.chunkObject, choices, ...more });
  const isStream = body.stream === true;
  const onText = (index: number, written: WrittenText) => {
    texts[index] = written;
    const piece = written.text.slice(sent[index]!.length);
    if (!isStream || (piece === '' && written.finishReason === undefined)) return;
    sent[index] = written.text.length > sent[index]!.length ? written.text : sent[index]!;
    const reason = written.finishReason ?? null;
    chunk([{ index, ...asked.shape.delta(piece, false), finish_reason: reason }]);
  };
  let isOpened = false;
  const opening = () => {
    if (isOpened || !isStream || !asked.shape.opens) return;
    isOpened = true;
    for (const index of texts.keys()) chunk([{ index, ...asked.shape.delta('', true), finish_reason: null }]);
  };
  await Promise.all(
    prompts.map((ids, prompt) =>
      queue.write({
        adapter,
        ids,
        texts: count,
        options: { ...optionsOf(rooms[prompt]!), maxNewTokens: rooms[prompt]!, signal },
        onText(index, written) {
          opening();
          onText(prompt * count + index, written);
        },
      }),
    ),
  );
  const promptTokens = prompts.reduce((sum, { length }) => sum + length, 0);
  const completionTokens = texts.reduce((sum, { tokens }) => sum + tokens.length, 0);
  const usage = {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
  if (isStream) {
    if (body.stream_options?.include_usage) chunk([], { usage });
    send('[DONE]');
    return undefined;
  }
  const choices = texts.map(({ text, finishReason = 'stop' }, index) => ({
    index,
    ...asked.shape.choice(text),
    finish_reason: finishReason,
  }));
  return { ...head, object: asked.shape.object, choices, usage };
}

/** Tokens that an answer may have. @throws ApiError */
function roomOf(ids: readonly number[], asked: number | null | undefined, limits: Service['limits']): number {
  const { maxContext, maxNewTokens } = limits;
  const room = maxContext - ids.length;
  if (ids.length === 0) throw new ApiError(400, 'empty_prompt', 'The prompt has no token.', 'prompt');
  if (room < 1 || (asked ?? 1) > room) {
    const wanted = asked ? ` and asks for ${asked} more` : '';
    throw new ApiError(
      400,
      'context_length_exceeded',
      `The prompt has ${ids.length} tokens${wanted}; the context has ${maxContext}.`,
      'messages',
    );
  }
  if ((asked ?? 0) > maxNewTokens) {
    throw new ApiError(400, 'too_many_tokens', `An answer may have ${maxNewTokens} tokens at most.`, 'max_tokens');
  }
  return asked ?? Math.min(room, maxNewTokens);
}

/** @throws ApiError for more strings than the server looks for */
export function requireFewStrings(
  body: { readonly stop?: unknown; readonly bad_words?: unknown },
  { limits: { maxStrings } }: Service,
): void {
  for (const name of ['stop', 'bad_words'] as const) {
    const count = [body[name]].flat().length;
    if (count > maxStrings)
      throw new ApiError(400, 'too_many_strings', `${name} has ${count} strings; ${maxStrings} are allowed.`, name);
  }
}
