/** Conversations as chat templates read them: OpenAI's messages. */

/** A part of a message that is not one text: `{ type: 'text', text }`. */
export interface ChatContentPart {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A call of a tool; `arguments` is an object, or its JSON. */
export interface ChatToolCall {
  readonly type?: string;
  readonly id?: string;
  readonly function: { readonly name: string; readonly arguments: unknown };
}

/** One turn. Templates may read further fields, such as `reasoning_content`. */
export interface ChatMessage {
  /** `system`, `user`, `assistant` or `tool`; a template may know others. */
  readonly role: string;
  /** Absent or null in a turn that only calls tools. */
  readonly content?: string | null | readonly ChatContentPart[];
  readonly tool_calls?: readonly ChatToolCall[];
  readonly [field: string]: unknown;
}

/** What is written as one text. */
export interface Conversation {
  readonly messages: readonly ChatMessage[];
  /** JSON schemas of functions, as OpenAI's `tools`. */
  readonly tools?: readonly unknown[];
  /** For templates of retrieval: `{ title, text }`. */
  readonly documents?: readonly unknown[];
  /** Variables of its own template, such as `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}
