/** What a language model learns from, whatever form a file gives it. */
import type { ChatMessage } from '@attune/hub';

interface Row {
  /** Line of the file, or number of the entry in a list. */
  readonly row: number;
}

/** A conversation, which a chat template writes. */
export interface ConversationExample extends Row {
  readonly kind: 'conversation';
  readonly messages: readonly ChatMessage[];
  /** How many of the messages are only asked; those behind them are the completion. Absent without such a cut. */
  readonly promptMessages?: number;
  readonly tools?: readonly unknown[];
}

/** Two texts, the second of which is learned; no template is needed. */
export interface CompletionExample extends Row {
  readonly kind: 'completion';
  readonly prompt: string;
  readonly completion: string;
}

/** A text of which every token is learned. */
export interface PlainExample extends Row {
  readonly kind: 'text';
  readonly text: string;
}

export type InstructionExample = ConversationExample | CompletionExample | PlainExample;

/** An example without its row, or what is wrong with it. */
export type ReadExample =
  | Omit<ConversationExample, 'row'>
  | Omit<CompletionExample, 'row'>
  | Omit<PlainExample, 'row'>
  | string;
