/** Tokens and their ids, those of the model and those that were added. */
import type { AddedToken } from './added-tokens.js';

export class Vocabulary {
  readonly #model: ReadonlyMap<string, number>;
  readonly #added = new Map<string, number>();
  #tokens: Map<number, string> | undefined;
  /** How many tokens there are. */
  readonly size: number;

  constructor(model: ReadonlyMap<string, number>, added: readonly AddedToken[]) {
    this.#model = model;
    for (const { content, id } of added) if (content !== '') this.#added.set(content, id);
    this.size = model.size + [...this.#added.keys()].filter((content) => !model.has(content)).length;
  }

  id(token: string): number | undefined {
    return this.#added.get(token) ?? this.#model.get(token);
  }

  /** The last of those with that id. */
  token(id: number): string | undefined {
    this.#tokens ??= new Map([...this.#model, ...this.#added].map(([token, id]) => [id, token]));
    return this.#tokens.get(id);
  }
}
