import type { TextGrammar } from '@attune/core';
import type { ChatMessage } from '@attune/hub';
import type { z } from 'zod';
import { ApiError } from './api-error.js';
import {
  chatSchema,
  classifySchema,
  completionSchema,
  embeddingSchema,
  parsed,
  schemaOf,
  writingOptionsOf,
} from './schemas.js';
import type { Endpoint, Service } from './service.js';
import { chatShape, completionShape, requireFewStrings, writeTexts } from './writing.js';

export const completions: Endpoint = async (given, service, exchange) => {
  const body = parsed(completionSchema, given);
  requireFewStrings(body, service);
  service.models.adapterOf(body.model);
  const prompts = promptsOf(body.prompt);
  requireFewInputs(prompts, 'prompt', service);
  const ids = await Promise.all(
    prompts.map((each) => (typeof each === 'string' ? service.promptTokens(each) : known(each, service))),
  );
  const asked = { maxTokens: body.max_tokens, shape: completionShape };
  return writeTexts(body, ids, (room) => writingOptionsOf(body, room), asked, service, exchange);
};

function promptsOf(prompt: z.output<typeof completionSchema>['prompt']): readonly (string | readonly number[])[] {
  if (typeof prompt === 'string') return [prompt];
  const ids = prompt.filter((each) => typeof each === 'number');
  return ids.length > 0 ? [ids] : prompt.filter((each) => typeof each !== 'number');
}

/** @throws ApiError for a token that the model does not have */
function known(ids: readonly number[], { tokenizer }: Service): readonly number[] {
  const unknown = ids.find((id) => id >= tokenizer.vocabularySize);
  if (unknown === undefined) return ids;
  throw new ApiError(400, 'invalid_value', `prompt: the model has no token ${unknown}.`, 'prompt');
}

/** @throws ApiError */
function requireFewInputs(inputs: readonly unknown[], param: string, { limits: { maxInputs } }: Service): void {
  if (inputs.length <= maxInputs) return;
  throw new ApiError(400, 'too_many_inputs', `${param} has ${inputs.length} texts; ${maxInputs} are allowed.`, param);
}

async function usageOf(texts: readonly string[], { tokenizer }: Service) {
  const encodings = await tokenizer.encode(texts);
  const count = encodings.reduce((sum, { ids }) => sum + ids.length, 0);
  return { prompt_tokens: count, total_tokens: count };
}

export const chatCompletions: Endpoint = async (given, service, exchange) => {
  const body = parsed(chatSchema, given);
  requireFewStrings(body, service);
  service.models.adapterOf(body.model);
  const { template, tokenizer } = service;
  if (!template) {
    throw new ApiError(
      400,
      'no_chat_template',
      'The model has no chat template. Start the server with --chat-template FILE, or use /v1/completions.',
    );
  }
  const conversation = {
    messages: body.messages.map(messageOf),
    ...(body.tools ? { tools: body.tools } : {}),
    ...(body.chat_template_kwargs ? { variables: body.chat_template_kwargs } : {}),
  };
  const [rendered] = await template.render([conversation], { addGenerationPrompt: true, signal: exchange.signal });
  const [encoding] = await tokenizer.encode([rendered!.text], { addSpecialTokens: false });
  const asked = { maxTokens: body.max_completion_tokens ?? body.max_tokens, shape: chatShape };
  const write = (grammar?: TextGrammar) => {
    const optionsOf = (room: number) => ({ ...writingOptionsOf(body, room), grammar });
    return writeTexts(body, [encoding!.ids], optionsOf, asked, service, exchange);
  };
  const schema = schemaOf(body);
  return schema === undefined ? write() : service.grammars.use(schema, write);
};

type Message = z.output<typeof chatSchema>['messages'][number];

/** Parts of text become one text, which every template reads. @throws ApiError for other parts */
function messageOf({ content, tool_calls: calls, ...rest }: Message): ChatMessage {
  const more = calls ? { tool_calls: calls } : {};
  if (typeof content === 'string' || content === null || content === undefined)
    return { ...rest, ...more, ...(content === undefined ? {} : { content }) };
  const other = content.find(({ type }) => type !== 'text');
  if (other) {
    throw new ApiError(400, 'unsupported_content', `A part of a message is ${other.type}; text is needed.`, 'messages');
  }
  return { ...rest, ...more, content: content.map(({ text }) => String(text)).join('') };
}

export const embeddings: Endpoint = async (given, service, { signal }) => {
  const { model, input, encoding_format: format } = parsed(embeddingSchema, given);
  const texts = [input].flat();
  const adapter = service.models.adapterOf(model);
  requireFewInputs(texts, 'input', service);
  const vectors = await service.queue.run(adapter, signal, (open) => open.embed(texts, { signal }));
  const data = vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: format === 'base64' ? base64(vector) : Array.from(vector),
  }));
  return { object: 'list', model, data, usage: await usageOf(texts, service) };
};

const base64 = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

/** The classes of texts, in the shape that vLLM gives its `/classify`. */
export const classify: Endpoint = async (given, service, { signal }) => {
  const { model, input } = parsed(classifySchema, given);
  const texts = [input].flat();
  const adapter = service.models.adapterOf(model);
  requireFewInputs(texts, 'input', service);
  const { classifier } = service;
  if (!classifier) throw new ApiError(400, 'unsupported_model', 'The model does not classify texts.', 'model');
  const answers = await service.queue.run(adapter, signal, async () => ({
    labels: classifier.labels,
    classes: await classifier.predict(texts, { signal }),
  }));
  const data = answers.classes.map(({ label, labels }, index) => ({
    index,
    label,
    probs: answers.labels.map((name) => labels.find((each) => each.label === name)?.score ?? 0),
    num_classes: answers.labels.length,
  }));
  return { object: 'list', model, labels: answers.labels, data, usage: await usageOf(texts, service) };
};
