/** Work that may not end or takes all memory: it runs in a worker, which is ended if it takes too much of either. */
import { type OpenThread, openThread, type WorkerThread } from './thread.js';

/** How long a worker waits for more work. */
const idleMilliseconds = 5000;
/** How long a worker may take to begin on a busy machine. */
const startMilliseconds = 20_000;
/** What the worker gets to say itself that its time is over. */
const graceMilliseconds = 50;

interface Work<Answer> {
  /** What the worker is sent. @param isNew whether it has heard nothing yet */
  request(isNew: boolean): unknown;
  /** The answer, or undefined if the message is another; throws what the worker says went wrong. */
  hear(message: unknown): Answer | undefined;
  readonly milliseconds: number;
  /** The error when time is over. */
  late(): Error;
  /** The error if there is no worker; `fault` is a relative clause. */
  unavailable(fault: string): Error;
  /** The error of what the worker did not catch. */
  failed(problem: string, isMemory: boolean): Error;
}

export class GuardedWorker {
  readonly #source: string;
  readonly #open: OpenThread;
  #idle: { readonly thread: WorkerThread; readonly timer: ReturnType<typeof setTimeout> } | undefined;

  /** @param source a script whose first message says that it has begun; it answers one message at a time */
  constructor(source: string, open: OpenThread = openThread) {
    this.#source = source;
    this.#open = open;
  }

  /** Asks a waiting worker, or a new one. */
  async ask<Answer>(work: Work<Answer>): Promise<Answer> {
    const kept = this.#take();
    const thread = kept ?? (await this.#start(work.unavailable));
    try {
      const answer = await this.#answer(thread, work, kept === undefined);
      this.#keep(thread);
      return answer;
    } catch (error) {
      await thread.terminate();
      throw error;
    }
  }

  async #start(unavailable: Work<unknown>['unavailable']): Promise<WorkerThread> {
    if (this.#source === '') throw unavailable('which these sources lack');
    const thread = this.#opened(unavailable);
    return new Promise((resolve, reject) => {
      const fail = (fault: string) => {
        clearTimeout(timer);
        void thread.terminate();
        reject(unavailable(fault));
      };
      const timer = setTimeout(() => fail('which did not begin'), startMilliseconds);
      thread.onFailure((problem) => fail(`which could not begin: ${problem}`));
      thread.onMessage(() => {
        clearTimeout(timer);
        resolve(thread);
      });
    });
  }

  #opened(unavailable: Work<unknown>['unavailable']): WorkerThread {
    try {
      return this.#open(this.#source);
    } catch (error) {
      throw unavailable(`which cannot be had: ${error instanceof Error ? error.message : error}`);
    }
  }

  #take(): WorkerThread | undefined {
    const idle = this.#idle;
    this.#idle = undefined;
    clearTimeout(idle?.timer);
    idle?.thread.keepAlive(true);
    return idle?.thread;
  }

  #keep(thread: WorkerThread): void {
    if (this.#idle) {
      void thread.terminate();
      return;
    }
    thread.keepAlive(false);
    const timer = setTimeout(() => void this.#take()?.terminate(), idleMilliseconds);
    if (typeof timer === 'object' && 'unref' in timer) timer.unref();
    this.#idle = { thread, timer };
  }

  #answer<Answer>(thread: WorkerThread, work: Work<Answer>, isNew: boolean): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(work.late()), work.milliseconds + graceMilliseconds);
      const end = (settle: () => void) => {
        clearTimeout(timer);
        settle();
      };
      thread.onFailure((problem) =>
        end(() => reject(work.failed(problem, problem.includes('ERR_WORKER_OUT_OF_MEMORY')))),
      );
      thread.onMessage((message) => {
        try {
          const answer = work.hear(message);
          if (answer !== undefined) end(() => resolve(answer));
        } catch (error) {
          end(() => reject(error));
        }
      });
      thread.post(work.request(isNew));
    });
  }
}
