/** Conversations in ShareGPT's form: turns with `from` and `value`. */
import type { ChatMessage } from '@attune/hub';
import { isRecord } from './is-record.js';
import { argumentsOf, messagesOf, parsedJson } from './messages.js';

const roles: Readonly<Record<string, string>> = {
  human: 'user',
  user: 'user',
  gpt: 'assistant',
  assistant: 'assistant',
  chatgpt: 'assistant',
  bing: 'assistant',
  bard: 'assistant',
  model: 'assistant',
  system: 'system',
  tool: 'tool',
  observation: 'tool',
  function_response: 'tool',
  function_call: 'assistant',
};

/** The messages, or what is wrong with them; turns with `role` and `content` are taken as they are. */
export function shareGptMessages(value: unknown, system: unknown): readonly ChatMessage[] | string {
  const turns: readonly unknown[] = Array.isArray(value) ? value : [];
  const front = typeof system === 'string' && system !== '' ? [{ role: 'system', content: system }] : [];
  const messages: unknown[] = [];
  for (const [index, turn] of turns.entries()) {
    const message = isRecord(turn) && 'from' in turn ? messageOf(turn) : turn;
    if (typeof message === 'string') return `${message} (conversations[${index}])`;
    messages.push(message);
  }
  const read = messagesOf(messages, 'conversations');
  return typeof read === 'string' ? read : [...front, ...read];
}

function messageOf({ from, value }: Readonly<Record<string, unknown>>): object | string {
  const role = typeof from === 'string' && Object.hasOwn(roles, from) ? roles[from] : undefined;
  if (role === undefined) return `has a turn from ${JSON.stringify(from)}; known are ${Object.keys(roles).join(', ')}`;
  if (from !== 'function_call') return { role, content: value };
  const call = typeof value === 'string' ? parsedJson(value) : value;
  const given = isRecord(call) ? argumentsOf(call.arguments ?? {}) : undefined;
  if (!isRecord(call) || !given) return 'has a function_call that is no JSON of a name and arguments';
  return { role, tool_calls: [{ type: 'function', function: { name: call.name, arguments: given } }] };
}
