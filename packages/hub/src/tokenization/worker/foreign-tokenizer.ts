/** A tokenizer of no known make: all of it runs in a worker, which is ended if it takes too much time or memory. */
import { AttuneError } from '@attune/ir';
import { Budget, budgetError } from '../budget.js';
import type { TextTokens } from '../encoding.js';
import type { SentParts } from '../parts.js';
import type { EncodeRequest, WorkerMessage } from './messages.js';
import { workerSource } from './source.js';
import { type OpenTokenizerThread, openThread, type TokenizerThread } from './thread.js';

/** How long a worker waits for more texts. */
const idleMilliseconds = 5000;
/** How long a worker may take to begin on a busy machine. */
const startMilliseconds = 20_000;
/** What the worker gets to say itself which part took too long. */
const graceMilliseconds = 50;

export class ForeignTokenizer {
  readonly #parts: SentParts;
  readonly #field: string;
  readonly #open: OpenTokenizerThread;
  #idle: { readonly thread: TokenizerThread; readonly timer: ReturnType<typeof setTimeout> } | undefined;

  /** @param field the part of tokenizer.json that no known make has */
  constructor(parts: SentParts, field: string, open: OpenTokenizerThread = openThread) {
    this.#parts = parts;
    this.#field = field;
    this.#open = open;
  }

  /**
   * Tokens of texts without special ones.
   * @throws AttuneError `E_TOKENIZER_BUDGET` naming the part of tokenizer.json that did not end in time or memory
   */
  async tokens(texts: readonly string[], milliseconds: number): Promise<readonly TextTokens[]> {
    const kept = this.#take();
    const thread = kept ?? (await this.#start());
    const request = { file: this.#parts.file, texts, milliseconds };
    try {
      const tokens = await this.#ask(thread, kept ? request : { ...request, parts: this.#parts });
      this.#keep(thread);
      return tokens.map((columns, index) => ({ ...columns, text: texts[index] ?? '' }));
    } catch (error) {
      await thread.terminate();
      throw error;
    }
  }

  async #start(): Promise<TokenizerThread> {
    const failure = (fault: string) =>
      budgetError(
        this.#parts.file,
        this.#field,
        `needs a worker, ${fault}`,
        'Use the built package, where workers are allowed.',
      );
    if (workerSource === '') throw failure('which these sources lack');
    const thread = this.#open(workerSource);
    return new Promise((resolve, reject) => {
      const fail = (fault: string) => {
        clearTimeout(timer);
        void thread.terminate();
        reject(failure(fault));
      };
      const timer = setTimeout(() => fail('which did not begin'), startMilliseconds);
      thread.onFailure((problem) => fail(`which could not begin: ${problem}`));
      thread.onMessage(() => {
        clearTimeout(timer);
        resolve(thread);
      });
    });
  }

  #take(): TokenizerThread | undefined {
    const idle = this.#idle;
    this.#idle = undefined;
    clearTimeout(idle?.timer);
    idle?.thread.keepAlive(true);
    return idle?.thread;
  }

  #keep(thread: TokenizerThread): void {
    if (this.#idle) {
      void thread.terminate();
      return;
    }
    thread.keepAlive(false);
    const timer = setTimeout(() => void this.#take()?.terminate(), idleMilliseconds);
    if (typeof timer === 'object' && 'unref' in timer) timer.unref();
    this.#idle = { thread, timer };
  }

  #ask(thread: TokenizerThread, request: EncodeRequest): Promise<readonly Omit<TextTokens, 'text'>[]> {
    const budget = new Budget(this.#parts.file, request.milliseconds);
    let field = this.#field;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(budget.exceeded(field)), budget.milliseconds + graceMilliseconds);
      const fail = (error: Error) => {
        clearTimeout(timer);
        reject(error);
      };
      thread.onFailure((problem) => {
        const isMemory = problem.includes('ERR_WORKER_OUT_OF_MEMORY');
        const fault = isMemory ? 'needs too much memory' : `failed in its worker: ${problem}`;
        fail(budgetError(this.#parts.file, field, fault, 'Use shorter texts, or the tokenizer of another model.'));
      });
      thread.onMessage((message) => {
        if (!isWorkerMessage(message)) return;
        if (message.kind === 'enter') {
          field = message.field;
        } else if (message.kind === 'tokens') {
          clearTimeout(timer);
          resolve(message.tokens);
        } else if (message.kind === 'error') {
          fail(new AttuneError(message.code, message.message, message.details));
        }
      });
      thread.post(request);
    });
  }
}

const isWorkerMessage = (message: unknown): message is WorkerMessage =>
  typeof message === 'object' && message !== null && 'kind' in message;
