import { nearest } from '@attune/core/internal';
import { LabelFault } from './labelled-rows.js';
import { lookalikeHint } from './lookalikes.js';

/** The classes of a model, in the order of its outputs. */
export class LabelMap {
  readonly names: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;
  readonly #hasIntegers: boolean;

  constructor(names: readonly string[]) {
    this.names = names;
    this.#ids = new Map(names.map((name, id) => [name, id]));
    this.#hasIntegers = names.some((name) => /^-?\d+$/.test(name));
  }

  /**
   * The id of a label, or a fault if training has not seen it. An integer that is no name is an id itself, unless other
   * names are integers.
   */
  id(label: string): number | LabelFault {
    const id = this.#ids.get(label);
    if (id !== undefined) return id;
    if (/^(?:0|[1-9]\d*)$/.test(label) && Number(label) < this.names.length && !this.#hasIntegers) return Number(label);
    const problem = `has the label "${shortened(label)}", which the model was not trained on`;
    return new LabelFault(label, problem, lookalikeHint(label, this.names) ?? this.#hintFor(label));
  }

  #hintFor(label: string): string {
    const suggestion = nearest(label, this.names);
    if (suggestion !== undefined) return `Did you mean "${suggestion}"?`;
    return `The model knows ${this.names.slice(0, 10).join(', ')}.`;
  }

  /** The ids of several labels, or the first fault. */
  ids(labels: readonly string[]): readonly number[] | LabelFault {
    const ids: number[] = [];
    for (const label of labels) {
      const id = this.id(label);
      if (id instanceof LabelFault) return id;
      ids.push(id);
    }
    return ids;
  }
}

const shortened = (label: string): string => (label.length > 100 ? `${label.slice(0, 100)}…` : label);
