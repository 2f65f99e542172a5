/** Messages as OpenAI's API and datasets on the Hub have them, checked and in the form that templates read. */
import type { ChatMessage, ChatToolCall } from '@attune/hub';
import { isRecord } from './is-record.js';

/** The messages, or what is wrong with them. @param name of the field, for problems */
export function messagesOf(value: unknown, name: string): readonly ChatMessage[] | string {
  if (!Array.isArray(value) || value.length === 0) return `has no list of messages in "${name}"`;
  const messages: ChatMessage[] = [];
  for (const [index, each] of value.entries()) {
    const message = messageOf(each);
    if (typeof message === 'string') return `${message} (${name}[${index}])`;
    messages.push(message);
  }
  return messages;
}

function messageOf(value: unknown): ChatMessage | string {
  if (!isRecord(value)) return 'has a message that is no object';
  const { role, content: given, tool_calls: calls } = value;
  if (typeof role !== 'string' || role === '') return 'has a message without a role';
  const content = contentOf(given);
  if (content === undefined) return 'has a message whose content is no text';
  const read = calls === undefined || calls === null ? [] : callsOf(calls);
  if (typeof read === 'string') return read;
  if (content.trim() === '' && read.length === 0 && role === 'assistant') return 'has an empty answer';
  const { tool_calls: _, content: __, ...rest } = value;
  // A turn that only calls tools may have none: templates ask for that.
  if (read.length > 0)
    return { ...rest, role, ...(given === undefined ? {} : { content: given && content }), tool_calls: read };
  return { ...rest, role, content };
}

/** Null counts as empty; parts that are all texts are joined. */
function contentOf(content: unknown): string | undefined {
  if (content === undefined || content === null) return '';
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return undefined;
  const parts = content.map((part) => (isRecord(part) && typeof part.text === 'string' ? part.text : undefined));
  return parts.includes(undefined) ? undefined : parts.join('');
}

/** OpenAI's API has arguments as JSON; templates write objects. */
function callsOf(calls: unknown): readonly ChatToolCall[] | string {
  if (!Array.isArray(calls)) return 'has tool_calls that are no list';
  const read: ChatToolCall[] = [];
  for (const call of calls) {
    const called = isRecord(call) ? (isRecord(call.function) ? call.function : call) : undefined;
    if (!called || typeof called.name !== 'string') return 'has a tool call without a function name';
    const found = argumentsOf(called.arguments ?? {});
    if (found === undefined) return `has a call of ${called.name} whose arguments are no JSON object`;
    read.push({ type: 'function', ...(isRecord(call) ? call : {}), function: { name: called.name, arguments: found } });
  }
  return read;
}

/** An object, or the JSON of one. */
export function argumentsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const parsed = typeof value === 'string' ? parsedJson(value) : value;
  return isRecord(parsed) ? parsed : undefined;
}

/** The value of a JSON text; undefined for another text. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
