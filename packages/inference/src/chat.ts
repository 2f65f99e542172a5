/** A conversation with a model: each answer goes on from all that was said. */
import type { ChatMessage, ChatTemplate } from '@attune/hub';
import { AttuneError } from '@attune/ir';
import type { WritingOptions, WrittenText } from '@attune/models';
import type { ModelReader, TextSession } from './open-model.js';

export interface ChatOptions extends Omit<WritingOptions, 'numReturnSequences'> {
  /** How turns are written for the model; the adapter's own by default, or the model's. */
  readonly chatTemplate?: ChatTemplate;
  /** What the model is told before the conversation. */
  readonly system?: string | undefined;
}

export class Chat implements Disposable {
  readonly #reader: ModelReader;
  readonly #template: ChatTemplate;
  readonly #session: TextSession;
  readonly #options: WritingOptions;
  #messages: readonly ChatMessage[] = [];
  #system: string | undefined;

  constructor(
    reader: ModelReader,
    session: TextSession,
    { chatTemplate, system, ...options }: ChatOptions & { readonly chatTemplate: ChatTemplate },
  ) {
    this.#reader = reader;
    this.#session = session;
    this.#template = chatTemplate;
    this.#options = options;
    this.begin(system);
  }

  /** What the model was told before the conversation. */
  get system(): string | undefined {
    return this.#system;
  }

  /** What was said so far, on both sides. */
  get messages(): readonly ChatMessage[] {
    return this.#messages;
  }

  /** Tokens that were computed since the beginning; what turns have in common is computed once. */
  get computedTokens(): number {
    return this.#session.computedTokens;
  }

  /** Forgets what was said. */
  begin(system?: string): void {
    this.#system = system;
    this.#messages = system === undefined ? [] : [{ role: 'system', content: system }];
  }

  /**
   * The answer to what a user says, piece by piece; both become part of the conversation when it ends.
   * @throws AttuneError `E_TOO_LONG` for a conversation that the model has no room for, `E_TEMPLATE`, and as
   * `OpenModel.generate`; the conversation is then as it was before
   */
  async *answer(
    text: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<WrittenText, void, undefined> {
    const messages = [...this.#messages, { role: 'user', content: text }];
    const watch = signal ? { signal } : {};
    const [rendered] = await this.#template.render([{ messages }], { addGenerationPrompt: true, ...watch });
    const { tokenizer, maxPositions } = this.#reader;
    const [encoding] = await tokenizer.encode([rendered!.text], { addSpecialTokens: false });
    const { ids } = encoding!;
    const room = maxPositions - ids.length;
    if (room < 1) {
      const message = `The conversation has ${ids.length} tokens; the model has ${maxPositions} positions.`;
      throw new AttuneError('E_TOO_LONG', message, { hint: 'Begin a new one.' });
    }
    const maxNewTokens = Math.min(this.#options.maxNewTokens ?? room, room);
    let answer = '';
    for await (const written of this.#session.generate(ids, { ...this.#options, maxNewTokens, ...watch })) {
      answer = written.text;
      yield written;
    }
    this.#messages = [...messages, { role: 'assistant', content: answer }];
  }

  [Symbol.dispose](): void {
    this.#session[Symbol.dispose]();
  }
}
