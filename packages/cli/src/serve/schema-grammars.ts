/** The grammars of requests: those with the same JSON schema share one, and few have theirs at a time. */
import type { Storage } from '@attune/hub';
import { type JsonSchemaGrammar, jsonSchemaGrammar } from '@attune/hub/node';
import { isAttuneError } from '@attune/ir';
import { ApiError } from './api-error.js';

interface Entry {
  readonly grammar: Promise<JsonSchemaGrammar>;
  users: number;
}

/** Workers at a time; each takes some ten megabytes. */
const mostGrammars = 4;

export class SchemaGrammars implements Disposable {
  readonly #files: Storage;
  readonly #maxQueue: number;
  readonly #entries = new Map<string, Entry>();
  #freed: (() => void)[] = [];

  /** @param files of the tokenizer @param maxQueue requests that may wait for a grammar */
  constructor(files: Storage, maxQueue: number) {
    this.#files = files;
    this.#maxQueue = maxQueue;
  }

  /**
   * Does work with the grammar of a schema, if need be when another one is free.
   * @throws AttuneError `E_SCHEMA`, ApiError if too many wait
   */
  async use<Result>(schema: unknown, work: (grammar: JsonSchemaGrammar) => Promise<Result>): Promise<Result> {
    const key = JSON.stringify(schema);
    const entry = await this.#entry(key, schema);
    try {
      return await work(await entry.grammar);
    } catch (error) {
      // It has ended with that; the next request has a new one.
      if (isAttuneError(error) && error.code === 'E_SCHEMA') this.#forget(key, entry);
      throw error;
    } finally {
      entry.users -= 1;
      for (const tell of this.#freed.splice(0)) tell();
    }
  }

  async #entry(key: string, schema: unknown): Promise<Entry> {
    for (;;) {
      const known = this.#entries.get(key);
      if (known) {
        known.users += 1;
        return known;
      }
      const idle = [...this.#entries].find(([, { users }]) => users === 0);
      if (this.#entries.size >= mostGrammars && idle) this.#forget(...idle);
      if (this.#entries.size < mostGrammars) {
        const entry = { grammar: jsonSchemaGrammar(this.#files, schema), users: 1 };
        this.#entries.set(key, entry);
        return entry;
      }
      if (this.#freed.length >= this.#maxQueue) {
        const message = `${this.#maxQueue} requests with JSON schemas are waiting already. Try again later.`;
        throw new ApiError(429, 'queue_full', message);
      }
      await new Promise<void>((resolve) => this.#freed.push(resolve));
    }
  }

  /** Ends all of them, for when no request is under way any more. */
  [Symbol.dispose](): void {
    for (const [key, entry] of this.#entries) this.#forget(key, entry);
  }

  #forget(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    entry.grammar.then((grammar) => grammar[Symbol.dispose]()).catch(() => undefined);
  }
}
