/** The worker of one grammar. It is ended when it takes too long, fails, or is not needed any more. */
import { AttuneError } from '@attune/ir';
import { type OpenThread, openThread, type WorkerThread } from '../worker/thread.js';
import type { GrammarAnswer, GrammarRequest } from './worker/messages.js';

/** How long a worker may take to begin on a busy machine. */
const startMilliseconds = 20_000;

type WithoutId<Request> = Request extends GrammarRequest ? Omit<Request, 'id'> : never;

interface Waiting {
  settle(answer: GrammarAnswer | AttuneError): void;
}

export class GrammarThread implements Disposable {
  readonly #thread: WorkerThread;
  readonly #milliseconds: number;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #end: AttuneError | undefined;

  /** @param milliseconds for each answer */
  constructor(source: string, milliseconds: number, open: OpenThread = openThread) {
    this.#thread = open(source);
    this.#milliseconds = milliseconds;
    this.#thread.onMessage((message) => {
      if (isAnswer(message)) this.#waiting.get('id' in message ? message.id : 0)?.settle(message);
    });
    this.#thread.onFailure((problem) =>
      this.#close(schemaError(problem.includes('OUT_OF_MEMORY') ? 'needs too much memory' : `failed: ${problem}`)),
    );
  }

  /** Waits until the worker has begun. @throws AttuneError `E_SCHEMA` */
  async begin(): Promise<void> {
    await this.#answer(0, startMilliseconds, 'needs a worker, which did not begin');
    // The process does not wait for it.
    this.#thread.keepAlive(false);
  }

  /** @returns the tokens that the grammar allows, if they were asked for @throws AttuneError `E_SCHEMA` */
  async ask(request: WithoutId<GrammarRequest>, milliseconds = this.#milliseconds): Promise<Int32Array | undefined> {
    if (this.#end) throw this.#end;
    const id = ++this.#asked;
    this.#thread.keepAlive(true);
    const answer = this.#answer(id, milliseconds, `takes longer than ${milliseconds} ms`);
    this.#thread.post({ ...request, id });
    const made = await answer.finally(() => this.#waiting.size === 0 && this.#thread.keepAlive(false));
    if (made.kind === 'allowed') return made.allowed;
    if (made.kind !== 'error') return undefined;
    // The library is of no use after a fault.
    this.#close(schemaError(`cannot be used: ${made.problem.replace(/\.$/, '')}`));
    throw this.#end;
  }

  [Symbol.dispose](): void {
    this.#close(schemaError('is not used any more'));
  }

  #answer(id: number, milliseconds: number, late: string): Promise<GrammarAnswer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#close(schemaError(late)), milliseconds);
      this.#waiting.set(id, {
        settle: (answer) => {
          clearTimeout(timer);
          this.#waiting.delete(id);
          if (answer instanceof AttuneError) reject(answer);
          else resolve(answer);
        },
      });
    });
  }

  #close(reason: AttuneError): void {
    this.#end ??= reason;
    void this.#thread.terminate();
    for (const { settle } of this.#waiting.values()) settle(this.#end);
  }
}

export const schemaError = (fault: string): AttuneError =>
  new AttuneError('E_SCHEMA', `The JSON schema ${fault}.`, {
    field: 'jsonSchema',
    hint: 'Use a simpler schema, with the keywords that docs/generation.md lists.',
  });

const isAnswer = (message: unknown): message is GrammarAnswer =>
  typeof message === 'object' && message !== null && 'kind' in message;
