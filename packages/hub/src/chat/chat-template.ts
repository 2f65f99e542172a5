/** Chat templates: Jinja programs in the files of models, which write a conversation as the model has learned to read it. */
import { AttuneError } from '@attune/ir';
import type { Storage } from '../storage.js';
import { GuardedWorker } from '../worker/guarded-worker.js';
import type { OpenThread } from '../worker/thread.js';
import type { Conversation } from './messages.js';
import { readSpecialTokens, readTemplateFile } from './read-template.js';
import type {
  RenderAnswer,
  RenderedOrRefused,
  RenderedText,
  RenderRequest,
  TemplateVariables,
} from './worker/messages.js';

/** For one batch of conversations. */
const defaultMilliseconds = 2500;
const batchConversations = 64;
const batchUnits = 500_000;
/** UTF-16 units that a template may write for each one of a conversation, and beside. */
const growth = 16;
const mostUnits = 2 ** 22;

export interface ChatTemplateOptions {
  /** A template in place of that of the model's files. */
  readonly template?: string | undefined;
  /** How errors call the template that is given. */
  readonly name?: string | undefined;
  /** Opens what templates run in; a worker of the platform by default. */
  readonly openThread?: OpenThread | undefined;
}

export interface RenderOptions {
  /** Whether the text ends with the beginning of an answer, for a model that is to give one; false by default. */
  readonly addGenerationPrompt?: boolean;
  /** Which template of a file with several; by default `tool_use`, if the conversation has tools, then `default`. */
  readonly templateName?: string | undefined;
  /** What `strftime_now` shows; the time of the machine by default. */
  readonly now?: Date | undefined;
  /** For each batch of 64 conversations; 2,500 by default. */
  readonly budgetMilliseconds?: number;
  readonly signal?: AbortSignal | undefined;
}

export class ChatTemplate {
  /** Where it stands, for error messages. */
  readonly file: string;
  readonly #templates: ReadonlyMap<string, string>;
  readonly #specialTokens: Readonly<Record<string, string>>;
  readonly #openThread: OpenThread | undefined;

  constructor(
    file: string,
    templates: ReadonlyMap<string, string>,
    specialTokens: Readonly<Record<string, string>> = {},
    openThread?: OpenThread,
  ) {
    this.file = file;
    this.#templates = templates;
    this.#specialTokens = specialTokens;
    this.#openThread = openThread;
  }

  /** Whether it marks what an assistant says by `{% generation %}`. */
  get marksAnswers(): boolean {
    return [...this.#templates.values()].every((template) => /\{%-?\s*generation\s*-?%\}/.test(template));
  }

  /**
   * Writes conversations as texts, as `apply_chat_template` of transformers does. Special tokens stand in the texts: encode
   * them without adding others.
   * @throws AttuneError `E_TEMPLATE` if the template is malformed or refuses a conversation; `E_TEMPLATE_BUDGET` if it needs
   * too much time, memory or text
   */
  async render(conversations: readonly Conversation[], options: RenderOptions = {}): Promise<readonly RenderedText[]> {
    return (await this.renderEach(conversations, options)).map((made, index) => {
      if ('refusal' in made) throw this.#refusal(made.refusal, index);
      return made;
    });
  }

  /** As `render`, but for conversations that the template refuses it says why, by `refusal`. */
  async renderEach(
    conversations: readonly Conversation[],
    { addGenerationPrompt = false, templateName, now, budgetMilliseconds, signal }: RenderOptions = {},
  ): Promise<readonly RenderedOrRefused[]> {
    const rendered: RenderedOrRefused[] = [];
    for (const { template, texts, units } of this.#batches(conversations, addGenerationPrompt, templateName)) {
      signal?.throwIfAborted();
      const request = { template, texts, now: now?.getTime(), units: Math.min(units * growth + 2 ** 16, mostUnits) };
      rendered.push(...(await this.#ask(request, budgetMilliseconds ?? defaultMilliseconds)));
    }
    return rendered;
  }

  *#batches(conversations: readonly Conversation[], addGenerationPrompt: boolean, name: string | undefined) {
    let texts: TemplateVariables[] = [];
    let units = 0;
    let template: string | undefined;
    for (const { messages, tools, documents, variables } of conversations) {
      const own = this.#template(name, tools !== undefined && tools.length > 0);
      const text = {
        ...this.#specialTokens,
        messages,
        tools: tools ?? null,
        documents: documents ?? null,
        add_generation_prompt: addGenerationPrompt,
        ...variables,
      };
      const length = JSON.stringify(text).length;
      const isFull = texts.length >= batchConversations || units + length > batchUnits || own !== template;
      if (template !== undefined && isFull) {
        yield { template, texts, units };
        [texts, units] = [[], 0];
      }
      template = own;
      texts.push(text);
      units += length;
    }
    if (template !== undefined) yield { template, texts, units };
  }

  #template(name: string | undefined, hasTools: boolean): string {
    const tried = name === undefined ? [...(hasTools ? ['tool_use'] : []), 'default'] : [name];
    for (const each of tried) {
      const found = this.#templates.get(each);
      if (found !== undefined) return found;
    }
    const names = [...this.#templates.keys()].join(', ');
    throw new AttuneError('E_TEMPLATE', `${this.file} has no template "${tried.at(-1)}"; it has ${names}.`, {
      file: this.file,
      field: 'chat_template',
      hint: 'Say templateName.',
    });
  }

  async #ask(request: RenderRequest, milliseconds: number): Promise<readonly RenderedOrRefused[]> {
    const worker = await workerOf(this.#openThread);
    const hint = 'Use another template, or shorter conversations.';
    return worker.ask({
      request: () => request,
      hear: (message) => {
        if (!isAnswer(message)) return undefined;
        if (message.kind === 'texts') return message.texts;
        if (message.kind === 'excess') throw this.#excess(message.fault, hint);
        if (message.kind === 'malformed') throw this.#malformed(message.problem);
        return undefined;
      },
      milliseconds,
      unavailable: (fault) =>
        this.#excess(`needs a worker, ${fault}`, 'Use the built package, where workers are allowed.'),
      late: () => this.#excess(`took longer than ${milliseconds} ms`, hint),
      failed: (problem, isMemory) =>
        this.#excess(isMemory ? 'needs too much memory' : `failed in its worker: ${problem}`, hint),
    });
  }

  #excess(fault: string, hint: string): AttuneError {
    const { file } = this;
    return new AttuneError('E_TEMPLATE_BUDGET', `${file}: the chat template ${fault}.`, {
      file,
      field: 'chat_template',
      hint,
    });
  }

  #malformed(problem: string): AttuneError {
    const { file } = this;
    return new AttuneError('E_TEMPLATE', `${file}: the chat template cannot be read: ${problem}.`, {
      file,
      field: 'chat_template',
      hint: 'Correct it, or give another one by --chat-template FILE.',
    });
  }

  #refusal(problem: string, index: number): AttuneError {
    const { file } = this;
    return new AttuneError('E_TEMPLATE', `${file}: the chat template refuses conversation ${index + 1}: ${problem}.`, {
      file,
      field: `conversations[${index}]`,
      hint: 'Change the conversation as the template asks, or give another template by --chat-template FILE.',
    });
  }
}

/** One for all templates, if it is the platform's. */
let shared: GuardedWorker | undefined;

async function workerOf(open: OpenThread | undefined): Promise<GuardedWorker> {
  const { workerSource } = await import('./worker/source.js');
  if (open) return new GuardedWorker(workerSource, open);
  shared ??= new GuardedWorker(workerSource);
  return shared;
}

const isAnswer = (message: unknown): message is RenderAnswer =>
  typeof message === 'object' && message !== null && 'kind' in message;

/**
 * The chat template of a model's files, or another one, with the model's special tokens.
 * @throws AttuneError `E_TEMPLATE` if there is none
 */
export async function loadChatTemplate(
  storage: Storage,
  { template, name = 'the given chat template', openThread }: ChatTemplateOptions = {},
): Promise<ChatTemplate> {
  const found =
    template === undefined
      ? await readTemplateFile(storage)
      : { file: name, templates: new Map([['default', template]]) };
  if (!found) {
    throw new AttuneError('E_TEMPLATE', `${storage.name} has no chat template.`, {
      file: storage.name,
      field: 'chat_template',
      hint: 'Give one by --chat-template FILE, a Jinja file such as chat_template.jinja of a model that was tuned for chat.',
    });
  }
  return new ChatTemplate(found.file, found.templates, await readSpecialTokens(storage), openThread);
}
