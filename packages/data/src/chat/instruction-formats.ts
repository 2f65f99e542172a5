/** The forms that instruction data has, by the fields of their rows. */
import type { ChatMessage } from '@attune/hub';
import type { ReadExample } from './instruction-example.js';
import { isRecord } from './is-record.js';
import { messagesOf, parsedJson } from './messages.js';
import { shareGptMessages } from './share-gpt.js';

export interface InstructionFormat {
  readonly name: string;
  /** The fields that rows of this form have. */
  readonly fields: readonly string[];
  /** One row; a text says what is wrong with it, as the end of a sentence that begins with its place. */
  read(row: Readonly<Record<string, unknown>>): ReadExample;
}

/** In the order in which they are looked for. */
const instructionFormats: readonly InstructionFormat[] = [
  { name: 'messages', fields: ['messages'], read: (row) => conversation(messagesOf(row.messages, 'messages'), row) },
  {
    name: 'prompt and completion',
    fields: ['prompt', 'completion'],
    read: (row) => promptAnd('completion', row),
  },
  {
    name: 'preference pairs, whose chosen answers are learned',
    fields: ['prompt', 'chosen'],
    read: (row) => promptAnd('chosen', row),
  },
  {
    name: 'ShareGPT',
    fields: ['conversations'],
    read: (row) => conversation(shareGptMessages(row.conversations, row.system), row),
  },
  { name: 'Alpaca', fields: ['instruction', 'output'], read: alpaca },
];

/** The form of rows with these fields. */
export const instructionFormatOf = (fields: readonly string[]): InstructionFormat | undefined =>
  instructionFormats.find((format) => format.fields.every((field) => fields.includes(field)));

type Row = Readonly<Record<string, unknown>>;

function conversation(messages: readonly ChatMessage[] | string, row: Row, promptMessages?: number): ReadExample {
  if (typeof messages === 'string') return messages;
  const { tools: given } = row;
  const tools = typeof given === 'string' && given !== '' ? parsedJson(given) : given;
  if (tools !== undefined && tools !== null && tools !== '' && !Array.isArray(tools))
    return 'has "tools" that are no list';
  return {
    kind: 'conversation',
    messages,
    ...(promptMessages === undefined ? {} : { promptMessages }),
    ...(Array.isArray(tools) && tools.length > 0 ? { tools } : {}),
  };
}

/** Both are texts, or both are lists of messages. */
function promptAnd(field: 'completion' | 'chosen', row: Row): ReadExample {
  const [prompt, completion] = [row.prompt, row[field]];
  if (typeof prompt === 'string' && typeof completion === 'string') {
    if (completion.trim() === '') return `has an empty "${field}"`;
    return { kind: 'completion', prompt, completion };
  }
  if (typeof prompt === 'string' || typeof completion === 'string') {
    return `has a text in one of "prompt" and "${field}" and messages in the other`;
  }
  const asked = messagesOf(prompt, 'prompt');
  const said = messagesOf(completion, field);
  if (typeof asked === 'string') return asked;
  return typeof said === 'string' ? said : conversation([...asked, ...said], row, asked.length);
}

/** LLaMA-Factory's `system` and `history` are read too. */
function alpaca(row: Row): ReadExample {
  const { instruction, input, output, system, history } = row;
  if (typeof instruction !== 'string' || instruction.trim() === '') return 'has no "instruction"';
  if (typeof output !== 'string' || output.trim() === '') return 'has an empty "output"';
  const asked = typeof input === 'string' && input.trim() !== '' ? `${instruction}\n\n${input}` : instruction;
  const before = Array.isArray(history) ? history.flatMap(pairOf) : [];
  const messages = [
    ...(typeof system === 'string' && system !== '' ? [{ role: 'system', content: system }] : []),
    ...before,
    { role: 'user', content: asked },
  ];
  return conversation([...messages, { role: 'assistant', content: output }], {}, messages.length);
}

const pairOf = (pair: unknown): readonly ChatMessage[] =>
  Array.isArray(pair)
    ? [
        { role: 'user', content: String(pair[0]) },
        { role: 'assistant', content: String(pair[1]) },
      ]
    : [];

const promptNames = ['prompt', 'question', 'query', 'input', 'user', 'instruction', 'source', 'context'];
const answerNames = ['completion', 'answer', 'response', 'output', 'assistant', 'reply', 'target', 'label'];
const talkNames = ['message', 'dialog', 'dialogue', 'chat', 'turns', 'conversation', 'history'];

/** How rows with other fields become data that can be read. */
export function namedFix(fields: readonly string[], textColumn: string): string {
  const find = (names: readonly string[]) => fields.find((field) => names.includes(field.toLowerCase()));
  const [prompt, answer, talk] = [find(promptNames), find(answerNames), find(talkNames)];
  if (prompt !== undefined && answer !== undefined && prompt !== answer) {
    return `Call "${prompt}" prompt, and "${answer}" completion.`;
  }
  if (talk !== undefined) return `Call "${talk}" messages, with "role" and "content" in each.`;
  const forms = instructionFormats.map(({ fields: needed }) => needed.join(' and ')).join('; ');
  return `Name the column of texts by --text-column (it is "${textColumn}"), or use one of these forms: ${forms}.`;
}

/** A row as an error shows it. */
export function shownRow(row: unknown): string {
  const text = isRecord(row) ? JSON.stringify(row) : String(row);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
