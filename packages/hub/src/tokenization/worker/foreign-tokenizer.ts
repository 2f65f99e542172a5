/** A tokenizer of no known make: all of it runs in a worker, which is ended if it takes too much time or memory. */
import { AttuneError } from '@attune/ir';
import { GuardedWorker } from '../../worker/guarded-worker.js';
import type { OpenThread } from '../../worker/thread.js';
import { Budget, budgetError } from '../budget.js';
import type { TextTokens } from '../encoding.js';
import type { SentParts } from '../parts.js';
import type { EncodeRequest, WorkerMessage } from './messages.js';
import { workerSource } from './source.js';

export class ForeignTokenizer {
  readonly #parts: SentParts;
  readonly #field: string;
  readonly #worker: GuardedWorker;

  /** @param field the part of tokenizer.json that no known make has */
  constructor(parts: SentParts, field: string, open?: OpenThread) {
    this.#parts = parts;
    this.#field = field;
    this.#worker = new GuardedWorker(workerSource, open);
  }

  /**
   * Tokens of texts without special ones.
   * @throws AttuneError `E_TOKENIZER_BUDGET` naming the part of tokenizer.json that did not end in time or memory
   */
  async tokens(texts: readonly string[], milliseconds: number): Promise<readonly TextTokens[]> {
    const parts = this.#parts;
    const request: EncodeRequest = { file: parts.file, texts, milliseconds };
    const budget = new Budget(parts.file, milliseconds);
    let field = this.#field;
    const tokens = await this.#worker.ask({
      request: (isNew) => (isNew ? { ...request, parts } : request),
      hear(message) {
        if (!isWorkerMessage(message)) return undefined;
        if (message.kind === 'enter') field = message.field;
        if (message.kind === 'error') throw new AttuneError(message.code, message.message, message.details);
        return message.kind === 'tokens' ? message.tokens : undefined;
      },
      milliseconds,
      late: () => budget.exceeded(field),
      unavailable: (fault) =>
        budgetError(parts.file, field, `needs a worker, ${fault}`, 'Use the built package, where workers are allowed.'),
      failed(problem, isMemory) {
        const fault = isMemory ? 'needs too much memory' : `failed in its worker: ${problem}`;
        return budgetError(parts.file, field, fault, 'Use shorter texts, or the tokenizer of another model.');
      },
    });
    return tokens.map((columns, index) => ({ ...columns, text: texts[index] ?? '' }));
  }
}

const isWorkerMessage = (message: unknown): message is WorkerMessage =>
  typeof message === 'object' && message !== null && 'kind' in message;
