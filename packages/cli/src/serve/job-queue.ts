/** Requests that wait for the device, in their order; those for the same model are written together. */
import type { OpenModel } from '@attune/inference';
import type { AnsweringTask, WritingRequest, WrittenText } from '@attune/models';
import { ApiError } from './api-error.js';

/** Texts to write for one request. */
export interface WritingJob {
  /** The adapter that writes; null for the base. */
  readonly adapter: string | null;
  readonly ids: readonly number[];
  readonly options: NonNullable<WritingRequest['options']> & {
    readonly maxNewTokens: number;
    readonly signal: AbortSignal;
  };
  readonly texts: number;
  /** Called for each text of the request whenever it has grown. A text may come again from its beginning. */
  onText(index: number, written: WrittenText): void;
}

interface Waiting {
  readonly adapter: string | null;
  readonly job: WritingJob | undefined;
  readonly signal: AbortSignal;
  run(): Promise<void>;
  settle(error?: unknown): void;
}

type Model = OpenModel<AnsweringTask>;

export class JobQueue {
  readonly #model: Model;
  readonly #maxQueue: number;
  readonly #maxBatch: number;
  #waiting: Waiting[] = [];
  #running = 0;
  #isClosed = false;
  #loop: Promise<void> | undefined;

  constructor(model: Model, { maxQueue, maxBatch }: { readonly maxQueue: number; readonly maxBatch: number }) {
    this.#model = model;
    this.#maxQueue = maxQueue;
    this.#maxBatch = maxBatch;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get running(): number {
    return this.#running;
  }

  /** Writes the texts of a request; those of others that wait are written along. @throws ApiError, AttuneError */
  write(job: WritingJob): Promise<void> {
    return this.#add(job.adapter, job.options.signal, () => Promise.resolve(), job);
  }

  /** Other work with the model. @throws ApiError, and what the work throws */
  async run<Result>(
    adapter: string | null,
    signal: AbortSignal,
    work: (model: Model) => Promise<Result>,
  ): Promise<Result> {
    const made: Result[] = [];
    await this.#add(adapter, signal, async () => void made.push(await work(this.#model)), undefined);
    return made[0]!;
  }

  /** Takes no more, and ends when all that was taken is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#loop;
  }

  #add(
    adapter: string | null,
    signal: AbortSignal,
    run: () => Promise<void>,
    job: WritingJob | undefined,
  ): Promise<void> {
    if (this.#isClosed) throw new ApiError(503, 'shutting_down', 'The server is shutting down.');
    if (this.#waiting.length >= this.#maxQueue) {
      throw new ApiError(429, 'queue_full', `${this.#maxQueue} requests are waiting already. Try again later.`);
    }
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown) => (error === undefined ? resolve() : reject(error));
      this.#waiting.push({ adapter, job, signal, run, settle });
      // A turn later, what arrives at the same time is there to be written along.
      this.#loop ??= new Promise<void>((started) => setImmediate(started)).then(() => this.#work());
    });
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Whoever went away meanwhile is not waited for.
      for (const each of this.#waiting) if (each.signal.aborted) each.settle(each.signal.reason);
      this.#waiting = this.#waiting.filter(({ signal }) => !signal.aborted);
      if (this.#waiting.length === 0) break;
      const batch = this.#next();
      this.#running = batch.length;
      await this.#runTogether(batch);
      this.#running = 0;
    }
    this.#loop = undefined;
  }

  /** The oldest, and what can be written along with it. */
  #next(): readonly Waiting[] {
    const [first] = this.#waiting;
    const batch: Waiting[] = [];
    let texts = 0;
    for (const each of this.#waiting) {
      const fits =
        each.job && first!.job && each.adapter === first!.adapter && texts + each.job.texts <= this.#maxBatch;
      if (each !== first && !fits) continue;
      batch.push(each);
      texts += each.job?.texts ?? 0;
      if (!first!.job) break;
    }
    this.#waiting = this.#waiting.filter((each) => !batch.includes(each));
    return batch;
  }

  async #runTogether(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#model.setAdapter(batch[0]!.adapter);
      const jobs = batch.flatMap(({ job }) => job ?? []);
      if (jobs.length > 0) await this.#writeAll(jobs);
      else await batch[0]!.run();
      for (const each of batch) each.settle();
    } catch (error) {
      // One request among them is at fault: alone, each ends as it would have.
      if (batch.length === 1) batch[0]!.settle(error);
      else for (const each of batch) await this.#runTogether([each]);
    }
  }

  async #writeAll(jobs: readonly WritingJob[]): Promise<void> {
    const texts = jobs.flatMap((job) => Array.from({ length: job.texts }, (_, index) => ({ job, index })));
    const longest = Math.max(...jobs.map(({ ids }) => ids.length));
    const steps = Math.max(...jobs.map(({ options: { maxNewTokens } }) => maxNewTokens));
    // Few sizes of batches and caches share few programs.
    const maxCacheLength = Math.max(64, powerOfTwo(powerOfTwo(longest) + steps));
    const requests: readonly WritingRequest[] = [
      ...jobs.map(({ ids, options }) => ({ prompt: ids, options: { ...options, maxCacheLength } })),
      ...new Array<WritingRequest>(powerOfTwo(texts.length) - texts.length).fill({
        prompt: [0],
        options: { maxNewTokens: 1 },
      }),
    ];
    for await (const step of this.#model.generateAll(requests)) {
      for (const [place, written] of step.entries()) {
        const text = texts[place];
        if (text && written) text.job.onText(text.index, written);
      }
      // Lets what has been written go out, and requests come in.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}

const powerOfTwo = (count: number): number => 2 ** Math.ceil(Math.log2(count));
